package overview_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model/overview"
)

func TestX(t *testing.T) {
	for _, l := range []string{"nl", "en"} {
		h, err := os.Create("/tmp/modelmod/out-" + l + ".html")
		require.NoError(t, err)
		require.NoError(t, overview.HTML(h, sample(t), &overview.Options{Language: l}))
		p, err := os.Create("/tmp/modelmod/out-" + l + ".pdf")
		require.NoError(t, err)
		require.NoError(t, overview.PDF(p, sample(t), &overview.Options{Language: l}))
	}
}
