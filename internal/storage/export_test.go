package storage

// ReadError says what an error of a SQLite query means.
var ReadError = readError
