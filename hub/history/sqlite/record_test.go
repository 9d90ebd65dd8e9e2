package sqlite

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"partyline/hub/history"
)

// FuzzImport imports lines. What is accepted is unchanged as a line again, and makes a history in
// which Verify finds no problem.
func FuzzImport(f *testing.F) {
	f.Add([]byte(`{"type":"message","seq":7,"room":"r","id":5,"at":"2026-01-02T03:04:05.678Z","from":"a","via":"tcp","text":"x","key":"k"}
{"type":"action","seq":9,"room":"r","id":8,"at":"2026-01-02T03:04:05Z","from":"a","text":"y\nz"}
{"type":"key","room":"r","id":3,"at":"2026-01-02T03:04:05Z","key":"k2"}
{"type":"room","room":"r","base":2,"last":8,"lost":7,"jumps":[[6,7]],"sparse":5}
{"type":"end","seq":9,"at":"2026-01-02T03:04:05Z","floor":4,"jump":3,"open":true}`))
	f.Add([]byte(`{"type":"room","room":"r","base":1000,"last":2000,"lost":2000}
{"type":"message","room":"r","id":5,"at":"2026-01-02T03:04:05Z","from":"a","text":"x","key":"k"}
{"type":"message","room":"r","id":9,"at":"2026-01-02T03:04:05Z","from":"a","text":"x","key":"k"}
{"type":"key","room":"r","id":9,"at":"2026-01-02T03:04:05Z","key":"k"}
{"type":"key","room":"r","id":9,"at":"2026-01-02T03:04:05Z","key":"other"}`))
	f.Fuzz(func(t *testing.T, lines []byte) {
		var records []*history.Record
		for line := range bytes.Lines(lines) {
			r, err := history.ParseRecord(line)
			if err != nil {
				if strings.ContainsAny(err.Error(), "\n\x1b") {
					t.Fatalf("the error is %q", err)
				}
				continue
			}
			again, err := r.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			if parsed, err := history.ParseRecord(again); err != nil || !reflect.DeepEqual(parsed, r) {
				t.Fatalf("%s is parsed as %+v, %v, and %s as %+v", line, r, err, again, parsed)
			}
			records = append(records, r)
		}
		if len(records) == 0 {
			return
		}
		dir := t.TempDir()
		importAll(t, dir, records, true)
		verifyAll(t, dir)
	})
}

// importAll imports records. Conflicts are errors, unless they are allowed.
func importAll(t *testing.T, dir string, records []*history.Record, conflicts bool) *Import {
	t.Helper()
	i, err := OpenImport(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		var conflict *Conflict
		if err := i.Add(r); err != nil && (!conflicts || !errors.As(err, &conflict)) {
			t.Errorf("%+v: %v", r, err)
			break
		}
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	return i
}

// verifyAll verifies a history in which there must be no problem.
func verifyAll(t *testing.T, dir string) {
	t.Helper()
	if err := Verify(context.Background(), dir, func(problem string) { t.Error(problem) }); err != nil {
		t.Fatal(err)
	}
}

// recordsOf returns the records of a history.
func recordsOf(t *testing.T, dir string, o ExportOptions) (records []*history.Record) {
	t.Helper()
	if err := Export(context.Background(), dir, o, func(r *history.Record) error {
		records = append(records, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return records
}
