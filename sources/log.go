package sources

import (
	"context"
	"errors"
	"log/slog"
)

// levelOf is Error for what a developer must mend, Warn for what an institution or a document caused, Debug for an end
// that was asked for.
func levelOf(err error) slog.Level {
	switch {
	case errors.Is(err, ErrAdapter), errors.Is(err, ErrHost), errors.Is(err, ErrConfig), Code(err) == "unexpected":
		return slog.LevelError
	case errors.Is(err, context.Canceled):
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

func attrs(e *Error) []slog.Attr {
	return []slog.Attr{
		slog.String("source", string(e.Source)), slog.String("institution", string(e.Institution)),
		slog.String("op", string(e.Op)), slog.Int("document", e.Document), slog.String("code", Code(e)),
		slog.String("error", e.Error()),
	}
}
