package chart

import "gonum.org/v1/plot/vg"

// Option is an option of a figure. Without any, a figure has useful defaults.
type Option func(*settings)

// settings are the options of a figure.
type settings struct {
	top        int
	day        string
	suspicious []string
	beside, by string
	small      bool
}

// width returns the width of the figure.
func (s settings) width() vg.Length {
	if s.small {
		return smallWidth
	}
	return width
}

// Top sets how many rows are drawn. The rest is summarized in a line. The default is 20,
// or what the documentation of a chart says.
func Top(n int) Option { return func(s *settings) { s.top = n } }

// Day sets the day whose colour a single series has: frame.BaselineDay, the default, or
// frame.TestDay.
func Day(day string) Option { return func(s *settings) { s.day = day } }

// Suspicious marks rows by their labels, such as addresses. Several calls add labels.
func Suspicious(labels ...string) Option {
	return func(s *settings) { s.suspicious = append(s.suspicious, labels...) }
}

// Beside prints a column after each row label, such as "owner".
func Beside(column string) Option { return func(s *settings) { s.beside = column } }

// By divides the rows into series by the values of a column, such as "country".
func By(column string) Option { return func(s *settings) { s.by = column } }

// Small draws [Bars] or [Hours] a third as wide, for three figures in a row, as on a
// report's first page. A suspicious bar ends with an asterisk.
func Small() Option { return func(s *settings) { s.small = true } }

func settingsOf(options []Option) settings {
	var s settings
	for _, o := range options {
		o(&s)
	}
	return s
}
