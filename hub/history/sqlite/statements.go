package sqlite

import (
	"context"
	"database/sql"
)

// statements executes statements on the connection that changes a file.
type statements struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

// exec executes a statement without rows on the connection. Statements with arguments are
// prepared once.
func (s *statements) exec(query string, args ...any) error {
	_, err := s.execResult(query, args...)
	return err
}

// execResult is like exec, but returns the result of the statement.
func (s *statements) execResult(query string, args ...any) (sql.Result, error) {
	if len(args) == 0 {
		return s.conn.ExecContext(context.Background(), query)
	}
	p, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	return p.Exec(args...)
}

// queryRow executes a query that returns one ros. The query is prepared once.
func (s *statements) queryRow(query string, args ...any) *sql.Row {
	p, err := s.prepare(query)
	if err != nil { // the row returns it
		return s.conn.QueryRowContext(context.Background(), query, args...)
	}
	return p.QueryRow(args...)
}

func (s *statements) prepare(query string) (*sql.Stmt, error) {
	if p := s.prepared[query]; p != nil {
		return p, nil
	}
	p, err := s.conn.PrepareContext(context.Background(), query)
	if err == nil {
		s.prepared[query] = p
	}
	return p, err
}

// closeConn closes the connection.
func (s *statements) closeConn() error {
	for _, p := range s.prepared {
		p.Close()
	}
	return s.conn.Close()
}
