package webhook

// Signature lets tests sign what nobody sends.
var Signature = signature
