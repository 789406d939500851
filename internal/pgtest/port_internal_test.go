package pgtest

import (
	"errors"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A port that somebody else has by the time the server wants it is passed over, also where another server answers at it.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	other, err := start(freePort)
	if errors.Is(err, errAbsent) && os.Getenv(requireTools) == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	defer other.stop()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	taken := []int{other.port, l.Addr().(*net.TCPAddr).Port}
	tries := 0
	s, err := start(func() (int, error) {
		if tries++; tries <= len(taken) {
			return taken[tries-1], nil
		}
		return freePort()
	})
	require.NoError(t, err)
	defer s.stop()
	assert.NotContains(t, taken, s.port)
	assert.Equal(t, 3, tries)
	require.NoError(t, s.create("ours"))
	require.NoError(t, other.create("ours"), "two servers, not one")
}
