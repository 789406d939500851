// Package testdata holds invented documents in the formats that the library reads, for a host's own tests: no person,
// account or company in them exists.
package testdata

import "embed"

// FS holds the documents:
//
//	statement.camt053.xml    a month of a current account, camt.053.001.08, that adds up
//	pensioenaanspraken.xml   a pension overview, the XML download of mijnpensioenoverzicht.nl
//	pensioenoverzicht.json   the same as its JSON download
//	verzekeringsbericht.pdf  a statement of wages and a benefit, laid out as UWV's is described
//
//go:embed *.xml *.json *.pdf
var FS embed.FS
