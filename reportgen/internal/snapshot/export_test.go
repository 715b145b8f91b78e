package snapshot

// Names for the tests of package snapshot_test.

type MissingError = missingError
