// Package scan reads flow files (Parquet) to Profiles, and writes them.
package scan
