package document

import (
	"errors"
	"os"
	"path/filepath"
)

// PicturesFolder is the folder of the pictures beside a document in Markdown or Typst.
const PicturesFolder = "figures"

// File returns the path of the picture beside its document, with slashes.
func (p *Picture) File() string { return PicturesFolder + "/" + p.Name + p.Extension() }

// WritePictures writes pictures as files below dir, which must exist.
func WritePictures(dir string, pictures []*Picture) error {
	if len(pictures) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(dir, PicturesFolder), 0o777); err != nil {
		return err
	}
	var errs []error
	for _, p := range pictures {
		data := p.Data
		if p.Vector != nil {
			// GitHub shows files on its own ground, which may be dark.
			data = p.Vector.Standalone("#ffffff")
		}
		errs = append(errs, os.WriteFile(filepath.Join(dir, filepath.FromSlash(p.File())), data, 0o666))
	}
	return errors.Join(errs...)
}
