package audit_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// A subject checks who read their data, with the log's public key and nothing else.
func Example() {
	ctx := context.Background()
	signer, _, _ := crypto.GenerateLocalSigner()
	log, _ := audit.Open(ctx, audit.NewMemoryStore(), signer, &audit.Options{Origin: "log.example.com/consent"})
	for _, subject := range []string{"subject-1", "subject-2"} {
		_ = log.Record(ctx, retention.Access{
			Actor: "adviser-7", Role: "adviser", Reason: "mortgage", Action: retention.ActionRead, Subject: subject,
			Categories: []model.Category{model.CategoryIncome}, Outcome: retention.OutcomeGranted,
		})
	}
	statement, _ := log.Statement(ctx, "subject-2", 0)
	file, _ := json.Marshal(statement)
	key, _ := log.VerifierKey()

	entries, checkpoint, err := audit.CheckStatement(file, key)
	fmt.Println(err, checkpoint.Size, len(entries))
	fmt.Println(entries[0].Access.Actor, entries[0].Access.Categories, entries[0].Access.Reason)
	// Output:
	// <nil> 2 1
	// adviser-7 [income] mortgage
}
