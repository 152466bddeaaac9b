package storetest

const childVariable = "VEZNE_STORETEST_CHILD"

func runChild(string) int { return 1 }
