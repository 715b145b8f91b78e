package report

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/reportgen/internal/language"
)

// feedName is the file of the feed beside the index of a series.
const feedName = "feed.xml"

// The elements of an Atom feed (RFC 4287).
type (
	feed struct {
		XMLName xml.Name     `xml:"http://www.w3.org/2005/Atom feed"`
		Title   string       `xml:"title"`
		ID      string       `xml:"id"`
		Updated string       `xml:"updated"`
		Authors []feedAuthor `xml:"author"`
		Links   []feedLink   `xml:"link"`
		Entries []feedEntry  `xml:"entry"`
	}
	feedAuthor struct {
		Name string `xml:"name"`
	}
	feedLink struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	}
	feedEntry struct {
		Title   string   `xml:"title"`
		ID      string   `xml:"id"`
		Updated string   `xml:"updated"`
		Link    feedLink `xml:"link"`
		Summary string   `xml:"summary,omitempty"`
	}
)

// atomFeed returns the feed of a series, whose entries are its reports, the latest first. A
// report is dated by the latest date in its name and parameters, else by made. The identifiers depend on the title
// and the names only, so that readers know an entry when the series is regenerated.
func atomFeed(title string, authors []string, all []written, file string, made time.Time, words *language.Words) ([]byte, error) {
	id := func(name string) string {
		sum := sha256.Sum256([]byte(title + "\x00" + name))
		return fmt.Sprintf("urn:sha256:%x", sum[:16])
	}
	if made.IsZero() {
		made = time.Unix(0, 0)
	}
	f := feed{Title: title, ID: id(""), Links: []feedLink{{"self", feedName}, {"alternate", HTMLName}}}
	if len(authors) == 0 {
		authors = []string{"reportgen"} // an author is required
	}
	for _, a := range authors {
		f.Authors = append(f.Authors, feedAuthor{a})
	}
	latest := made
	for i := len(all) - 1; i >= 0; i-- {
		w := all[i]
		updated := made
		if days := filename.Dates(w.dated()...); len(days) > 0 {
			updated = days[len(days)-1]
		}
		if updated.After(latest) {
			latest = updated
		}
		summary := w.summary()
		if w.err != nil {
			summary = strings.TrimSuffix(w.result(words)+". "+summary, ". ")
		}
		f.Entries = append(f.Entries, feedEntry{
			Title: w.title(), ID: id(w.Name), Updated: updated.UTC().Format(time.RFC3339),
			Link: feedLink{"alternate", path.Join(w.Name, file)}, Summary: summary,
		})
	}
	f.Updated = latest.UTC().Format(time.RFC3339)
	text, err := xml.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(text, '\n')...), nil
}
