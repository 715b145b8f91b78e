package document

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Download is something that readers can save.
type Download struct {
	Title string
	Link  string // an address, or a file below FilesFolder
	Name  string // under which the file is saved; "" for its own
}

// Author is one of the authors of a report.
type Author struct {
	Name          string
	ORCID         string // such as 0000-0002-1825-0097; "" for none
	Email         string // of a corresponding author; "" for none
	Corresponding bool   // who answers questions about the report
	Affiliations  []int  // indexes of Document.Affiliations
}

var (
	orcid        = regexp.MustCompile(`^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$`)
	emailAddress = regexp.MustCompile(`^[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+$`)
)

// ORCIDLink returns the address of the author's page at ORCID; "" for none.
func (a Author) ORCIDLink() string {
	if !orcid.MatchString(a.ORCID) {
		return ""
	}
	return "https://orcid.org/" + a.ORCID
}

// EmailLink returns the address for a message to the author; "" for none.
func (a Author) EmailLink() string {
	if !emailAddress.MatchString(a.Email) {
		return ""
	}
	return "mailto:" + a.Email
}

// AuthorNames returns the names of the authors.
func (d *Document) AuthorNames() []string {
	var names []string
	for _, a := range d.Authors {
		names = append(names, a.Name)
	}
	return names
}

// Corresponding returns the authors who answer questions about the report.
func (d *Document) Corresponding() []Author {
	return slices.DeleteFunc(slices.Clone(d.Authors), func(a Author) bool { return !a.Corresponding })
}

// AuthorMark returns what is raised after an author's name: the marks of affiliations, and that of corresponding authors.
func (d *Document) AuthorMark(a Author) string {
	var marks []string
	for _, i := range a.Affiliations {
		marks = append(marks, d.AffiliationMark(i))
	}
	if a.Corresponding {
		marks = append(marks, d.CorrespondingMark())
	}
	return strings.Join(slices.DeleteFunc(marks, func(mark string) bool { return mark == "" }), ",")
}

// AffiliationMark returns the number of an affiliation, as printed; "" if it is the only one.
func (d *Document) AffiliationMark(i int) string {
	if len(d.Affiliations) < 2 {
		return ""
	}
	return strconv.Itoa(i + 1)
}

// CorrespondingMark returns the mark of corresponding authors; "" if there is one author.
func (d *Document) CorrespondingMark() string {
	if len(d.Authors) < 2 {
		return ""
	}
	return "*"
}
