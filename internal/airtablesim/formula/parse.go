package formula

import (
	"slices"
	"strconv"
	"strings"
)

// ErrSyntax is the error for text that is not a formula. The message is Airtable's.
var ErrSyntax error = syntaxError{}

type syntaxError struct{}

func (syntaxError) Error() string { return "Invalid formula. Please check your formula text." }

// UnknownError is the error for a well-formed formula that names unknown functions or
// fields. The message is Airtable's, with names in lower case.
type UnknownError struct {
	What  string   // "function" or "field"
	Names []string // each once, in the order of the formula
}

func (e *UnknownError) Error() string {
	return "Unknown " + e.What + " names: " + strings.ToLower(strings.Join(e.Names, ", "))
}

// Formula is a parsed formula, bound to its fields. It is safe for concurrent use.
type Formula struct {
	root node
}

// The limits of a formula: bytes, and the nesting of parentheses, calls and signs.
// Airtable's are not known; these keep Parse and Eval from overflowing the stack.
const (
	maxLength = 100_000
	maxDepth  = 100
)

// Parse parses a formula. The function field returns the key under which [Row].Cell holds
// a field of that name, or false if there is none. Errors: [ErrSyntax], [*UnknownError].
func Parse(formula string, field func(name string) (key string, ok bool)) (*Formula, error) {
	if len(formula) > maxLength {
		return nil, ErrSyntax
	}
	p := &parser{lexer: lexer{formula}, field: field}
	if err := p.advance(); err != nil {
		return nil, err
	}
	root, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if p.at.kind != end {
		return nil, ErrSyntax
	}
	for _, unknown := range []*UnknownError{{"function", p.functions}, {"field", p.fields}} {
		if len(unknown.Names) > 0 {
			return nil, unknown
		}
	}
	return &Formula{root}, nil
}

type parser struct {
	lexer
	field     func(string) (string, bool)
	at        token
	depth     int
	functions []string // unknown
	fields    []string // unknown
}

func (p *parser) advance() (err error) {
	p.at, err = p.next()
	return err
}

func (p *parser) is(s string) bool { return p.at == token{symbol, s} }

func (p *parser) expect(s string) error {
	if !p.is(s) {
		return ErrSyntax
	}
	return p.advance()
}

// levels lists the binary operators in ascending precedence.
var levels = [][]string{{"=", "!=", "<", "<=", ">", ">="}, {"&"}, {"+", "-"}, {"*", "/"}}

func (p *parser) binary(level int) (node, error) {
	if level == len(levels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	for err == nil && p.at.kind == symbol && slices.Contains(levels[level], p.at.text) {
		operator := p.at.text
		if err = p.advance(); err != nil {
			break
		}
		var right node
		right, err = p.binary(level + 1)
		left = binary{operator, left, right}
	}
	return left, err
}

func (p *parser) unary() (node, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, ErrSyntax
	}
	if !p.is("-") {
		return p.primary()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	operand, err := p.unary()
	return binary{"-", literal{0.0}, operand}, err
}

func (p *parser) primary() (node, error) {
	at := p.at
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch {
	case at.kind == number:
		n, err := strconv.ParseFloat(at.text, 64)
		if err != nil {
			return nil, ErrSyntax
		}
		return literal{n}, nil
	case at.kind == text:
		return literal{at.text}, nil
	case at.kind == word && p.is("("):
		return p.call(at.text)
	case at.kind == word, at.kind == braced:
		return p.reference(at.text), nil
	case at == token{symbol, "("}:
		inner, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	}
	return nil, ErrSyntax
}

func (p *parser) reference(name string) node {
	key, ok := p.field(name)
	if !ok && !slices.Contains(p.fields, name) {
		p.fields = append(p.fields, name)
	}
	return cell{key}
}

func (p *parser) call(name string) (node, error) {
	args, err := p.arguments()
	if err != nil {
		return nil, err
	}
	f, ok := functions[strings.ToUpper(name)]
	if !ok {
		if !slices.Contains(p.functions, name) {
			p.functions = append(p.functions, name)
		}
		return literal{Error{}}, nil
	}
	if len(args) < f.min || len(args) > f.max {
		return nil, ErrSyntax
	}
	return call{f, args}, nil
}

func (p *parser) arguments() (args []node, err error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	if p.is(")") {
		return nil, p.advance()
	}
	for {
		arg, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
		if !p.is(",") {
			return args, p.expect(")")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}
