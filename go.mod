module github.com/brondata/brondata

go 1.26.0

// Compiled into a host that imports the package named; the root imports none but golang.org/x.
require (
	codeberg.org/go-pdf/fpdf v0.12.0 // model/overview: the review as PDF
	github.com/PuerkitoBio/goquery v1.13.0 // scrape: HTML documents
	github.com/andybalholm/cascadia v1.3.4 // scrape: CSS selectors, compiled once
	github.com/antchfx/xmlquery v1.5.2 // sources/mijnpensioenoverzicht: XPath over small documents
	go.uber.org/goleak v1.3.0 // sources/sourcetest and tests: goroutine leaks
	golang.org/x/image v0.47.0 // model/overview: the Go fonts
	golang.org/x/mod v0.42.0 // consent/audit: Merkle tree and signed notes
	golang.org/x/net v0.62.0 // sources, scrape: public suffixes, IDNA, HTML
	golang.org/x/oauth2 v0.37.0 // consent/redirect, sources/psd2: code flow with PKCE
	golang.org/x/text v0.43.0 // sources, internal/xmlscan: charsets, folding
)

// Tests and examples only.
require (
	github.com/anishathalye/porcupine v1.3.1 // linearizability
	github.com/jackc/pgx/v5 v5.12.0 // the PostgreSQL driver
	github.com/ledongthuc/pdf v0.0.0-20260907135840-6c8c28e0e8a0 // a second opinion on PDF text; unsafe on strangers' files
	github.com/pb33f/jsonschema/v6 v6.0.3 // dossiers against the JSON Schema
	github.com/pb33f/libopenapi v0.42.3 // the official description of the PSD2 interface
	github.com/pb33f/libopenapi-validator v0.16.2 // requests and answers against it
	github.com/stretchr/testify v1.12.1 // assertions
	golang.org/x/term v0.47.0 // examples/quickstart: is it a terminal
	modernc.org/sqlite v1.61.1 // the SQLite driver
	pgregory.net/rapid v1.3.0 // property tests
)

require (
	github.com/antchfx/xpath v1.3.9 // indirect
	github.com/bahlo/generic-list-go v0.2.0 // indirect
	github.com/basgys/goxml2json v1.1.1-0.20231018121955-e66ee54ceaad // indirect
	github.com/buger/jsonparser v1.6.1 // indirect
	github.com/dustin/go-humanize v1.1.0 // indirect
	github.com/go-openapi/jsonpointer v1.0.2 // indirect
	github.com/golang/groupcache v0.0.0-20210331224755-41bb18bfe9da // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/ncruces/go-strftime v1.1.0 // indirect
	github.com/pb33f/go-yaml v0.1.1 // indirect
	github.com/pb33f/jsonpath v0.8.5 // indirect
	github.com/pb33f/ordered-map/v2 v2.3.2 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	modernc.org/libc v1.79.0 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
)
