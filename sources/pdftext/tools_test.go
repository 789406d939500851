package pdftext_test

import (
	"os"
	"os/exec"
	"testing"
)

// requireTool returns the path of a program that a test compares with or makes its input with. Without it the test is skipped,
// and fails where BRONDATA_REQUIRE_TOOLS says that the tools must be there.
func requireTool(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("BRONDATA_REQUIRE_TOOLS") != "" {
		tb.Fatalf("%s is not installed, and BRONDATA_REQUIRE_TOOLS asks for it", name)
	}
	tb.Skipf("%s is not installed: nothing is compared", name)
	return ""
}
