package sqlconsent_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the host chooses the driver

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/sqlconsent"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "sqlconsent")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "consent.db")+"?_pragma=secure_delete(1)&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	d, err := sqlconsent.Open(ctx, db, sqlconsent.SQLite) // makes the tables, or brings them forward
	if err != nil {
		log.Fatal(err)
	}
	m, err := consent.NewManager(d.Store(), nil)
	if err != nil {
		log.Fatal(err)
	}
	grants, err := m.List(ctx, consent.Actor{ID: "consumer-7", Role: consent.RoleSubject}, "consumer-7")
	fmt.Println(len(grants), err)
	// Output: 0 <nil>
}
