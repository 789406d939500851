package consent_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
)

// TestRulesTable: what the documentation of DefaultRules says in a table is what they allow, of every action that there is.
func TestRulesTable(t *testing.T) {
	t.Parallel()
	f, err := parser.ParseFile(token.NewFileSet(), "policy.go", nil, parser.ParseComments)
	require.NoError(t, err)
	var doc string
	var actions []consent.Action
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.Name == "DefaultRules" {
				doc = d.Doc.Text()
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok || d.Tok != token.CONST {
					continue
				}
				a, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				require.NoError(t, err)
				actions = append(actions, consent.Action(a))
			}
		}
	}
	require.Greater(t, len(actions), 15)
	roles := []consent.Role{consent.RoleSubject, consent.RoleAdviser, consent.RoleRecipient, consent.RoleSystem, consent.RoleAuditor}
	row := func(cells ...any) string {
		return strings.TrimRight(fmt.Sprintf("\t%-10s%-10s%-10s%-12s%-9s%s", cells...), " ") + "\n"
	}
	want := row("", roles[0], roles[1], roles[2], roles[3], roles[4])
	rules := consent.DefaultRules()
	for _, a := range actions {
		cells := []any{a}
		for _, role := range roles {
			by := consent.Actor{ID: "somebody", Role: role, OnBehalfOf: "jan"}
			may := func(subject, recipient string) bool {
				return rules.Allow(t.Context(), by, consent.Question{Action: a, Subject: subject, Recipient: recipient}) == nil
			}
			switch {
			case may("piet", "another"):
				cells = append(cells, "any")
			case may("jan", "another"), may("piet", "somebody"):
				cells = append(cells, "own")
			default:
				cells = append(cells, "-")
			}
		}
		want += row(cells...)
	}
	require.True(t, strings.HasSuffix(doc, "\n\n"+want), "the table at its end has to be:\n%s", want)
}
