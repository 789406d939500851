package main

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the host chooses the driver

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/consent/sqlconsent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/retention/sqlvault"
)

// storage is the host's side: two SQLite files, and keys that a real host would have in a key service.
type storage struct {
	data, keys *sql.DB
	log        *audit.Log
}

// openStorage opens data, consent and the access log in one file and the wrapped keys in another, so that a copy of one is
// not a copy of the other, and fills in the configuration's stores and keys.
func openStorage(ctx context.Context, dir string, conf *brondata.Config) (*storage, error) {
	s := &storage{}
	var err error
	if s.data, err = openSQLite(filepath.Join(dir, "brondata.db")); err != nil {
		return nil, err
	}
	if s.keys, err = openSQLite(filepath.Join(dir, "brondata-keys.db")); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.fill(ctx, conf); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func openSQLite(path string) (*sql.DB, error) {
	f, err := os.OpenFile(path, os.O_CREATE, 0o600) // the driver would let others read it
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	name := (&url.URL{Path: path}).EscapedPath() // SQLite's names are URIs: a path may hold what ends one
	return sql.Open("sqlite", "file:"+name+"?_pragma=secure_delete(1)&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
}

func (s *storage) fill(ctx context.Context, conf *brondata.Config) error {
	data, err := sqlvault.OpenStore(ctx, s.data, sqlvault.SQLite)
	if err != nil {
		return err
	}
	keys, err := sqlvault.OpenKeyStore(ctx, s.keys, sqlvault.SQLite, "")
	if err != nil {
		return err
	}
	consentDB, err := sqlconsent.Open(ctx, s.data, sqlconsent.SQLite)
	if err != nil {
		return err
	}
	kek, _, err := crypto.GenerateLocalKEK()
	if err != nil {
		return err
	}
	signer, _, err := crypto.GenerateLocalSigner()
	if err != nil {
		return err
	}
	if s.log, err = audit.Open(ctx, consentDB.Audit(), signer, nil); err != nil {
		return err
	}
	conf.Data, conf.Keys, conf.Consent, conf.KEK, conf.Signer, conf.Audit = data, keys, consentDB.Store(), kek, signer, s.log
	return nil
}

// Close closes what is open.
func (s *storage) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.data, s.keys} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}
