package report

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/flowbook/flowbook/pkg/budget"
	"github.com/flowbook/flowbook/reportgen/internal/cite"
	"github.com/flowbook/flowbook/reportgen/internal/dates"
	"github.com/flowbook/flowbook/reportgen/internal/language"
	"github.com/flowbook/flowbook/reportgen/internal/parameter"
	"github.com/flowbook/flowbook/reportgen/internal/yamltext"
	"github.com/flowbook/flowbook/reportgen/render"
)

// ConfigName is the name of the file beside the notebooks that describes their report.
const ConfigName = "report.yaml"

// config is the content of report.yaml.
type config struct {
	Title        string           `yaml:"title"`
	Subtitle     string           `yaml:"subtitle"`
	Author       any              `yaml:"author"` // see render.ParseAuthors
	Authors      any              `yaml:"authors"`
	Affiliations any              `yaml:"affiliations"`
	Logo         string           `yaml:"logo"`      // a picture below the folder of this file
	Downloads    any              `yaml:"downloads"` // see render.ParseDownloads
	Date         string           `yaml:"date"`
	Abstract     string           `yaml:"abstract"`     // Markdown
	Lang         string           `yaml:"lang"`         // BCP 47
	Bibliography stringOrList     `yaml:"bibliography"` // BibTeX or CSL-JSON files
	Code         string           `yaml:"code"`         // show, fold or hide
	Notebooks    []string         `yaml:"notebooks"`
	Inputs       parameter.Values `yaml:"inputs"` // for all notebooks, which need not declare them; see [inputsVariable]
	Parameters   parameter.Values `yaml:"parameters"`
	Matrix       parameter.Values `yaml:"matrix"` // parameters that vary over a series of reports
}

// stringOrList is a string or a list of strings in YAML.
type stringOrList []string

// UnmarshalYAML reads either form.
func (l *stringOrList) UnmarshalYAML(unmarshal func(any) error) error {
	var one string
	if err := unmarshal(&one); err == nil {
		*l = stringOrList{one}
		return nil
	}
	return unmarshal((*[]string)(l))
}

// readConfig reads the report.yaml in dir. Without one, the configuration is empty and found is false.
func readConfig(dir string) (c config, found bool, err error) {
	file := filepath.Join(dir, ConfigName)
	src, err := budget.ReadFile(file, yamltext.Most)
	if errors.Is(err, fs.ErrNotExist) {
		return c, false, nil
	}
	if err != nil {
		return c, false, err
	}
	if err := yamltext.Unmarshal(src, &c, yaml.Strict()); err != nil {
		return c, false, fmt.Errorf("%s: %w", file, err)
	}
	if _, err := render.ParseCodeMode(c.Code); err != nil {
		return c, false, fmt.Errorf("%s: %w", file, err)
	}
	if _, _, err := render.ParseAuthors(c.Author, c.Authors, c.Affiliations); err != nil {
		return c, false, fmt.Errorf("%s: %w", file, err)
	}
	if _, err := render.ParseDownloads(c.Downloads); err != nil {
		return c, false, fmt.Errorf("%s: %w", file, err)
	}
	if c.Lang != "" {
		if c.Lang, _, err = language.Parse(c.Lang); err != nil {
			return c, false, fmt.Errorf("%s: lang: %w", file, err)
		}
	}
	return c, true, nil
}

// documentOptions returns what report.yaml says about the document, with the works of its bibliographies. A report
// without a date has that of $SOURCE_DATE_EPOCH.
func (s *Source) documentOptions() (render.Options, error) {
	c := s.config
	code, err := render.ParseCodeMode(c.Code)
	if err != nil {
		return render.Options{}, err
	}
	works, err := s.works()
	if err != nil {
		return render.Options{}, fmt.Errorf("%s: %w", filepath.Join(s.dir, ConfigName), err)
	}
	if c.Date == "" {
		date, err := dates.Epoch()
		if err != nil {
			return render.Options{}, err
		}
		if !date.IsZero() {
			c.Date = date.Format(time.DateOnly)
			if c.Lang == "" {
				c.Date = date.Format("2 January 2006")
			}
		}
	}
	translator, err := s.translator()
	if err != nil {
		return render.Options{}, err
	}
	logo, err := s.logo()
	if err != nil {
		return render.Options{}, fmt.Errorf("%s: %w", filepath.Join(s.dir, ConfigName), err)
	}
	authors, affiliations := c.authors()
	downloads, err := render.ParseDownloads(c.Downloads)
	if err != nil {
		return render.Options{}, err
	}
	return render.Options{
		Lang: c.Lang, Translator: translator, Title: c.Title, Subtitle: c.Subtitle, Date: c.Date, Abstract: c.Abstract, Logo: logo,
		Authors: authors, Affiliations: affiliations, Downloads: downloads, Code: code, Works: works,
	}, nil
}

// authors returns the authors and their affiliations.
func (c *config) authors() ([]render.Author, []string) {
	// What is read from a file was checked then.
	authors, affiliations, _ := render.ParseAuthors(c.Author, c.Authors, c.Affiliations)
	return authors, affiliations
}

// maxLogo bounds the file of a logo.
const maxLogo = 5 << 20

// logo reads the picture of the title page.
func (s *Source) logo() ([]byte, error) {
	name := s.config.Logo
	switch {
	case name == "":
		return nil, nil
	case !filepath.IsLocal(name):
		return nil, fmt.Errorf("logo %q: not below the folder of %s", name, ConfigName)
	}
	data, err := budget.ReadFile(filepath.Join(s.dir, name), maxLogo)
	if err != nil {
		return nil, fmt.Errorf("logo: %w", err)
	}
	return data, nil
}

// SetLanguage makes the report in another language than report.yaml says, unless lang is empty. The note says which texts
// are not in the language of the report; it is empty if all are.
func (s *Source) SetLanguage(lang string) (note string, err error) {
	before := cmp.Or(s.config.Lang, "en")
	usual, known, err := language.Parse(cmp.Or(lang, before))
	if err != nil {
		return "", err
	}
	if lang != "" {
		s.config.Lang = usual
	}
	catalog, _, err := s.translations()
	base, _, _ := strings.Cut(usual, "-")
	switch {
	case err != nil:
		return "", err
	case !known && catalog == "" && lang != "":
		return "", fmt.Errorf("%q: reportgen has no words in this language; want one of %s, or a file %s.yaml beside %s with translations", lang, language.Known(), base, ConfigName)
	case !known:
		return fmt.Sprintf("language %s: the words that reportgen adds, such as Figure, are English", usual), nil
	case catalog == "" && !language.Same(before, usual):
		return fmt.Sprintf("language %s: no %s.yaml beside %s: the texts of the notebooks are not translated", usual, base, ConfigName), nil
	}
	return "", nil
}

// translations returns the path and the content of the catalog of translations to the language of the report, such as
// pt.yaml for pt or pt-PT. The path is "" if there is none.
func (s *Source) translations() (string, []byte, error) {
	base, _, _ := strings.Cut(s.config.Lang, "-")
	for _, lang := range []string{s.config.Lang, base} {
		if lang == "" || lang != filepath.Base(lang) {
			continue
		}
		if source := s.catalogs[lang]; source != nil {
			return lang + ".yaml", source, nil
		}
		file := filepath.Join(s.dir, lang+".yaml")
		source, err := budget.ReadFile(file, yamltext.Most)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return file, source, err
	}
	return "", nil, nil
}

// translator returns the translator to the language of the report, or nil if there is no catalog.
func (s *Source) translator() (*render.Translator, error) {
	file, source, err := s.translations()
	if file == "" || err != nil {
		return nil, err
	}
	t, err := render.ParseTranslations(source, s.config.Lang)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

// works reads the bibliographies.
func (s *Source) works() (cite.Works, error) {
	all := cite.Works{}
	for _, name := range s.config.Bibliography {
		if !filepath.IsLocal(name) {
			return all, fmt.Errorf("bibliography %q: not below the folder of %s", name, ConfigName)
		}
		data, err := budget.ReadFile(filepath.Join(s.dir, name), cite.Most)
		if err != nil {
			return all, fmt.Errorf("bibliography: %w", err)
		}
		works, err := cite.Parse(name, data)
		if err != nil {
			return all, err
		}
		all.Add(works)
	}
	return all, nil
}

// creationTime is the time at which files of the report claim to be made: that of $SOURCE_DATE_EPOCH, else the date in
// report.yaml if it has the form 2006-01-02, else zero.
func (s *Source) creationTime() (time.Time, error) {
	date, err := dates.Epoch()
	if err != nil || !date.IsZero() {
		return date, err
	}
	day, err := time.Parse(time.DateOnly, s.config.Date)
	if err != nil {
		return time.Time{}, nil //nolint:nilerr // a date in words is not a time
	}
	return day, nil
}
