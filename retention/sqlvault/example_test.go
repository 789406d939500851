package sqlvault_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/retention/sqlvault"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "vault")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	// Two databases, so that a copy of the data is not a copy of the keys.
	const settings = "?_pragma=secure_delete(1)&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)"
	rows, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "data.db")+settings)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rows.Close()
	wrapped, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "keys.db")+settings)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer wrapped.Close()
	data, err := sqlvault.OpenStore(ctx, rows, sqlvault.SQLite)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer data.Close()
	keys, err := sqlvault.OpenKeyStore(ctx, wrapped, sqlvault.SQLite, "tenant-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer keys.Close()
	kek, _, err := crypto.GenerateLocalKEK() // a host keeps its key in a key service
	if err != nil {
		fmt.Println(err)
		return
	}
	vault, err := retention.New(data, keys, kek, retention.NoRecorder{}, &retention.Options{Tenant: "tenant-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	link := retention.Ref{Subject: "s-1", Grant: "g-1", Purpose: "mortgage", Link: "bank"}
	fmt.Println(vault.CreateLink(ctx, link, retention.Policy{}))
	fmt.Println(vault.SaveState(ctx, link, []byte("token")))
	// Output:
	// <nil>
	// <nil>
}
