package camt

import (
	"bytes"
	"fmt"
	"io"
)

// generator writes a camt.053.001.02 statement of about a given size, in the shape in which Dutch banks write them, without
// holding it in memory. The names are invented, the account numbers too.
type generator struct {
	size int64 // at which no further entry is begun
	buf  bytes.Buffer
	n    int
	out  int64
	done bool
}

const entryTemplate = `      <Ntry>
        <Amt Ccy="EUR">%d.%02d</Amt>
        <CdtDbtInd>%s</CdtDbtInd>
        <Sts>BOOK</Sts>
        <BookgDt>
          <Dt>2026-%02d-%02d</Dt>
        </BookgDt>
        <ValDt>
          <Dt>2026-%02d-%02d</Dt>
        </ValDt>
        <AcctSvcrRef>2026%010d</AcctSvcrRef>
        <BkTxCd>
          <Domn>
            <Cd>PMNT</Cd>
            <Fmly>
              <Cd>RCDT</Cd>
              <SubFmlyCd>ESCT</SubFmlyCd>
            </Fmly>
          </Domn>
        </BkTxCd>
        <NtryDtls>
          <TxDtls>
            <Refs>
              <EndToEndId>E2E-%010d</EndToEndId>
            </Refs>
            <RltdPties>
              <%[12]s>
                <Nm>Bakkerij Zonnebloem &amp; Zn %[13]d</Nm>
              </%[12]s>
              <%[12]sAcct>
                <Id>
                  <IBAN>NL02ABNA0123456789</IBAN>
                </Id>
              </%[12]sAcct>
            </RltdPties>
            <RltdAgts>
              <%[12]sAgt>
                <FinInstnId>
                  <BIC>ABNANL2A</BIC>
                </FinInstnId>
              </%[12]sAgt>
            </RltdAgts>
            <RmtInf>
              <Ustrd>Betaling factuur %[11]d café aan de haven</Ustrd>
            </RmtInf>
          </TxDtls>
        </NtryDtls>
      </Ntry>
`

func (g *generator) Read(p []byte) (int, error) {
	for g.buf.Len() < len(p) && !g.done {
		switch {
		case g.n == 0:
			g.buf.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">
  <BkToCstmrStmt>
    <GrpHdr><MsgId>1</MsgId><CreDtTm>2026-11-01T06:00:00</CreDtTm></GrpHdr>
    <Stmt>
      <Id>1</Id>
      <Acct><Id><IBAN>NL91ABNA0417164300</IBAN></Id><Ccy>EUR</Ccy><Ownr><Nm>A. de Vries</Nm></Ownr></Acct>
      <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>
`)
		case g.out+int64(g.buf.Len()) >= g.size:
			g.buf.WriteString("    </Stmt>\n  </BkToCstmrStmt>\n</Document>\n")
			g.done = true
		}
		if !g.done {
			n := g.n
			sign, party := "DBIT", "Cdtr"
			if n%3 == 0 {
				sign, party = "CRDT", "Dbtr"
			}
			m, d := n%12+1, n%28+1
			fmt.Fprintf(&g.buf, entryTemplate, n%5000, n%100, sign, m, d, m, d, n, n, 0, n, party, n%97)
			g.n++
		}
	}
	n, err := g.buf.Read(p)
	g.out += int64(n)
	if err == io.EOF && !g.done {
		err = nil
	}
	return n, err
}
