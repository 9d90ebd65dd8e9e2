package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A mutant is a file with the bytes from start to end replaced.
type mutant struct {
	path       string
	source     []byte
	start, end token.Position
	with       string // the replacement
	change     string // a description of it
	reached    bool   // a test reaches the code
}

// text returns the changed file.
func (m mutant) text() []byte {
	changed := append([]byte(nil), m.source[:m.start.Offset]...)
	changed = append(changed, m.with...)
	return append(changed, m.source[m.end.Offset:]...)
}

// String returns the position, the change, and the original line.
func (m mutant) String() string {
	path := m.path
	if wd, err := os.Getwd(); err == nil {
		path, _ = filepath.Rel(wd, path)
	}
	line, _, _ := strings.Cut(string(m.source[m.start.Offset-m.start.Column+1:]), "\n")
	return fmt.Sprintf("%s:%d:%d: %s in: %s",
		path, m.start.Line, m.start.Column, m.change, strings.TrimSpace(line))
}

// swaps maps an operator to its replacement in a mutant.
var swaps = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS,
	token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.ADD: token.SUB, token.SUB: token.ADD,
	token.MUL: token.QUO, token.QUO: token.MUL,
	token.LAND: token.LOR, token.LOR: token.LAND,
	token.ADD_ASSIGN: token.SUB_ASSIGN, token.SUB_ASSIGN: token.ADD_ASSIGN,
	token.INC: token.DEC, token.DEC: token.INC,
}

// A lister collects the mutants of one file.
type lister struct {
	fset    *token.FileSet
	path    string
	source  []byte
	mutants []mutant
}

// mutantsOf returns the mutants of a file. A generated file has none. Some mutants do not
// build.
func mutantsOf(path string) ([]mutant, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	l := &lister{fset: token.NewFileSet(), path: path, source: source}
	file, err := parser.ParseFile(l.fset, path, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	if ast.IsGenerated(file) {
		return nil, nil
	}
	for _, decl := range file.Decls {
		l.list(decl, nil)
	}
	return l.mutants, nil
}

// list adds the mutants of a node and of its children. function is the type of the
// enclosing function.
func (l *lister) list(root ast.Node, function *ast.FuncType) {
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			return n.Tok != token.IMPORT
		case *ast.FuncDecl:
			if n.Body != nil {
				l.list(n.Body, n.Type)
			}
			return false
		case *ast.FuncLit:
			l.list(n.Body, n.Type)
			return false
		case *ast.IfStmt:
			l.negate(n.Cond)
		case *ast.ForStmt:
			l.negate(n.Cond)
		case *ast.SwitchStmt:
			l.negateCases(n)
		case *ast.BinaryExpr:
			if !isString(n.X) && !isString(n.Y) {
				l.swap(n.OpPos, n.Op)
			}
		case *ast.AssignStmt:
			l.swap(n.TokPos, n.Tok)
			if n.Tok != token.DEFINE {
				l.drop(n)
			}
		case *ast.IncDecStmt:
			l.swap(n.TokPos, n.Tok)
			l.drop(n)
		case *ast.ExprStmt:
			if !isLock(n.X) {
				l.drop(n)
			}
		case *ast.DeferStmt:
			if !isLock(n.Call) {
				l.drop(n)
			}
		case *ast.GoStmt, *ast.SendStmt, *ast.BranchStmt:
			l.drop(n)
		case *ast.ReturnStmt:
			l.succeed(n, function)
		case *ast.BasicLit:
			l.offByOne(n)
		case *ast.Ident:
			switch n.Name {
			case "true":
				l.add(n.Pos(), n.End(), "false", "")
			case "false":
				l.add(n.Pos(), n.End(), "true", "")
			}
		}
		return true
	})
}

// add adds a mutant. If change is empty, add describes the replacement.
func (l *lister) add(start, end token.Pos, with, change string) {
	m := mutant{
		path: l.path, source: l.source,
		start: l.fset.Position(start), end: l.fset.Position(end),
		with: with, change: change,
	}
	if change == "" {
		m.change = fmt.Sprintf("%s for %s", with, l.source[m.start.Offset:m.end.Offset])
	}
	l.mutants = append(l.mutants, m)
}

func (l *lister) textOf(n ast.Node) string {
	return string(l.source[l.fset.Position(n.Pos()).Offset:l.fset.Position(n.End()).Offset])
}

// negate adds the negation of a condition, unless swap adds it.
func (l *lister) negate(cond ast.Expr) {
	if cond == nil {
		return
	}
	if b, ok := cond.(*ast.BinaryExpr); ok && (b.Op == token.EQL || b.Op == token.NEQ) {
		return
	}
	l.add(cond.Pos(), cond.End(), "!("+l.textOf(cond)+")", "condition negated")
}

// negateCases adds the negations of the conditions of a switch without a tag.
func (l *lister) negateCases(s *ast.SwitchStmt) {
	if s.Tag != nil {
		return
	}
	for _, clause := range s.Body.List {
		for _, cond := range clause.(*ast.CaseClause).List {
			l.negate(cond)
		}
	}
}

// swap adds a mutant with another operator, if there is one.
func (l *lister) swap(pos token.Pos, op token.Token) {
	if other, ok := swaps[op]; ok {
		l.add(pos, pos+token.Pos(len(op.String())), other.String(), "")
	}
}

// drop adds a mutant that never executes a statement. The variables of the statement stay in
// use, so that the mutant builds.
func (l *lister) drop(n ast.Node) {
	l.add(n.Pos(), n.End(), "if false { "+l.textOf(n)+" }", "statement dropped")
}

// succeed adds a mutant that returns nil instead of an error.
func (l *lister) succeed(n *ast.ReturnStmt, function *ast.FuncType) {
	if function.Results == nil || len(n.Results) != function.Results.NumFields() {
		return
	}
	types := function.Results.List
	if result, ok := types[len(types)-1].Type.(*ast.Ident); !ok || result.Name != "error" {
		return
	}
	last := n.Results[len(n.Results)-1]
	if l.textOf(last) != "nil" {
		l.add(last.Pos(), last.End(), "nil", "nil returned for the error")
	}
}

// offByOne adds a mutant with the integer plus one, and one with the integer minus one.
func (l *lister) offByOne(n *ast.BasicLit) {
	i, err := strconv.ParseInt(n.Value, 0, 64)
	if n.Kind != token.INT || err != nil {
		return
	}
	l.add(n.Pos(), n.End(), strconv.FormatInt(i+1, 10), "")
	if i > 0 {
		l.add(n.Pos(), n.End(), strconv.FormatInt(i-1, 10), "")
	}
}

func isString(n ast.Expr) bool {
	lit, ok := n.(*ast.BasicLit)
	return ok && lit.Kind == token.STRING
}

// isLock reports whether an expression locks or unlocks. Without it, a test hangs, or has a
// race that it does not detect.
func isLock(n ast.Expr) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	return ok && strings.HasSuffix(strings.ToLower(selector.Sel.Name), "lock")
}
