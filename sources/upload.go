package sources

import (
	"context"

	"github.com/brondata/brondata/model"
)

// UploadID is the ID of [Upload].
const UploadID model.SourceID = "upload"

// Upload is the built-in source of files that the subject downloaded at the institution and gave to the host. Each goes
// to the normalizer that knows its format. Its categories are those of the registered normalizers.
type Upload struct{}

var _ Source = Upload{}

// Describe returns the descriptor: method [model.File], any institution, no hosts.
func (Upload) Describe() Descriptor {
	return Descriptor{ID: UploadID, Method: model.File, Categories: model.Categories()}
}

// Fetch delivers the session's files in their order. A file that cannot be read does not keep the others from being
// delivered: the [Retriever] notes it and goes on.
func (Upload) Fetch(ctx context.Context, s *Session, _ Query, deliver func(Document) error) error {
	for _, d := range s.Files() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := deliver(d); err != nil {
			return err
		}
	}
	return nil
}
