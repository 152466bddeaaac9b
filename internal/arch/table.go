package arch

// Rules is the table: every package of internal/, from the ground up.
func Rules() []Rule {
	return []Rule{
		values(), contract(), wire(), protocol(), protocols(), keepers(), money(), selling(),
		storage(), outgoing(), kit(), doors(), glue(), suites(),
	}
}

func values() Rule {
	return Rule{
		Storey: Value, Title: "values", Line: "Words with rules of their own; no I/O.", May: []Storey{Value},
		Packages: []Package{
			{"card", "card numbers, security codes and expiry dates, which check themselves and print masked"},
			{"clock", "the only place that reads the time"},
			{"fault", "the one error that a caller may act on, and the list of its codes"},
			{"id", "numeric ids with a type per noun, public UUIDs, references that banks see"},
			{"keyword", "words that people type, whatever their case and their alphabet's i"},
			{"money", "amounts in minor units with their currency, exact rates, the only rounding"},
			{"secret", "bytes that have no way of being printed"},
			{"sheet", "tables that people export, read line by line within bounds"},
			{"trace", "marks the steps of a payment, for whoever records them"},
		},
	}
}

func contract() Rule {
	return Rule{
		Storey: Contract, Title: "contract", Line: "What banks and domain agree on.", May: []Storey{Value},
		Packages: []Package{
			{"connector", "the contract of a bank protocol: requests, answers, capabilities, reasons"},
		},
	}
}

func wire() Rule {
	return Rule{
		Storey: Wire, Title: "wire", Line: "What the protocols share.", May: []Storey{Value, Contract, Wire},
		Packages: []Package{
			{"connector/simulator", "what every simulated bank is made of: books, days, test cards, misbehaviour"},
			{"connector/wire", "requests to banks over HTTP, and their logs without secrets"},
		},
	}
}

func protocol() Rule {
	return Rule{
		Storey: Protocol, Title: "protocols", Line: "Banks, which do not know each other.",
		May: []Storey{Value, Contract, Wire},
		Packages: []Package{
			{"connector/*", "one bank's protocol, with its simulator"},
		},
	}
}

func protocols() Rule {
	return Rule{
		Storey: Protocols, Title: "protocol list", Line: "All banks of this binary.",
		May: []Storey{Value, Contract, Wire, Protocol},
		Packages: []Package{
			{"connector/all", "lists the protocols that were built in, and serves their simulators"},
		},
	}
}

// keepers are asked by everything above and ask nothing of it. They know each
// other where one cannot be told without the other. ephemeral is one although it
// speaks to Redis: there are no rules to be kept apart from that.
func keepers() Rule {
	return Rule{
		Storey: Keeper, Title: "keepers", Line: "What the rest of the domain leans on.",
		May: []Storey{Value, Contract, Keeper},
		Packages: []Package{
			{"audit", "who did what to what, recorded in the deed's own commit"},
			{"bin", "what a card's first digits tell: bank, scheme, type, program"},
			{"ephemeral", "keeps for minutes, sealed, what must not be stored: in process, or in Redis for several nodes"},
			{"idempotency", "a key leads a repeated request back to its first effect"},
			{"job", "the outbox: work queued in the commit that causes it"},
			{"ledger", "double entries for every movement of money, and the proof of the books"},
			{"limit", "counts what happens too often, on one node or on all"},
			{"merchant", "tenants, their credentials, roles and permissions"},
			{"pos", "virtual POS accounts, who edits them, and an open connector for each behind breaker and bulkhead"},
			{"retention", "forgets what was kept for a time that is over"},
			{"user", "the people of a merchant's team, and how they log in"},
			{"vault", "seals what must not be readable at rest, and rotates its keys"},
		},
	}
}

// money has one direction, from what prices and routes a payment to what charges
// it (docs/adr/0014-rooms-of-a-payment.md): the order of the list.
func money() Rule {
	return Rule{
		Storey: Money, Title: "money", Line: "What becomes of one payment; each stands on those before it.",
		May: []Storey{Value, Contract, Keeper, Money}, Ordered: true,
		Packages: []Package{
			{"installment", "which plans a card may have at a POS, and what they cost whom"},
			{"routing", "which POSes a payment is offered to, in which order, and why"},
			{"payment", "the ground: types, states, what an outcome makes of a payment, what is booked; asks nobody"},
			{"operation", "one request to a bank from commit to commit; resolves what stayed unknown"},
			{"charge", "what merchants ask for: pay with fail-over, capture, void, refund"},
			{"threeds", "has payers authenticated first, and charges them then"},
		},
	}
}

func selling() Rule {
	return Rule{
		Storey: Selling, Title: "selling", Line: "What people do with payments.",
		May: []Storey{Value, Contract, Keeper, Money, Selling},
		Packages: []Package{
			{"checkout", "links to a hosted page on which a shopper pays one order once"},
			{"webhook", "tells merchants' servers what happened, signed and in order"},
		},
	}
}

// storage stands beside the doors, on the domain. kms is here and not among the
// keepers because it does what vault declares by calling another server.
func storage() Rule {
	return Rule{
		Storey: Storage, Title: "storage",
		Line: "Keeps what the domain decides, behind the interfaces that the domain declares.",
		May:  []Storey{Value, Contract, Keeper, Money, Selling, Storage},
		Packages: []Package{
			{"kms", "has a key management service seal the keyset"},
			{"storage", "SQLite or PostgreSQL: groups the writes of many callers into one commit"},
			{"storage/migration", "the schema of each engine, in steps that only go forward"},
			{"storage/sqlstore", "every SQL statement, a file per noun"},
		},
	}
}

func outgoing() Rule {
	return Rule{
		Storey: Outgoing, Title: "outgoing", Line: "Calls addresses that merchants chose.", May: []Storey{Value},
		Packages: []Package{
			{"egress", "checks such addresses when they are given and again when they are called"},
		},
	}
}

func kit() Rule {
	return Rule{
		Storey: Kit, Title: "door kit", Line: "What the doors share.", May: []Storey{Value, Contract, Keeper},
		Packages: []Package{
			{"httpapi/kit", "routes, strict JSON, limits, idempotency keys, and the way from a fault to a status"},
			{"httpapi/reference", "OpenAPI documents as pages for people"},
		},
	}
}

func doors() Rule {
	return Rule{
		Storey: Door, Title: "doors", Line: "Surfaces towards the outside, which do not know each other.",
		May: []Storey{Value, Contract, Keeper, Money, Selling, Outgoing, Kit},
		Packages: []Package{
			{"httpapi/admin", "the merchant's own people: /admin/v1/"},
			{"httpapi/event", "what merchants are told of events: the data of a webhook"},
			{"httpapi/gateway", "merchants' servers: /api/"},
			{"httpapi/pages", "people with a browser: the hosted page, the way back from a bank, the documents"},
		},
	}
}

func glue() Rule {
	return Rule{
		Storey: Glue, Title: "glue", Line: "Plugs everything together.",
		May: []Storey{
			Value, Contract, Wire, Protocol, Protocols, Keeper, Money, Selling, Storage, Outgoing, Kit, Door, Glue,
		},
		Packages: []Package{
			{"app", "opens storage and banks, builds the domain on them and the doors on that, runs it all"},
			{"arch", "this table"},
			{"arch/errordoc", "docs/errors.md, from the lists of codes and reasons"},
			{"cache", "what a node keeps in memory, fresh within a bounded age"},
			{"cli", "the command line"},
			{"config", "settings from flags, environment and file; the only reader of the environment"},
			{"fixture", "the file that describes a demo, and its way into the store"},
			{"telemetry", "metrics, traces, profiles"},
		},
	}
}

func suites() Rule {
	return Rule{
		Storey: Suite, Title: "test suites", Line: "Shared by tests, and imported by nothing else.",
		Packages: []Package{
			{"connector/connectortest", "what every protocol passes, against its simulator over HTTP"},
			{"egress/egresstest", "what may stand between us and the addresses of merchants"},
			{"ephemeral/redistest", "a real Redis server"},
			{"httpapi/apitest", "holds requests and answers to the OpenAPI document of their surface"},
			{"kms/kmstest", "plays a key management service"},
			{"payment/paymenttest", "the world in which the tests of a payment's rooms play"},
			{"storage/storetest", "what every store passes, on both engines"},
			{"vault/vaulttest", "a sealer without keys"},
		},
	}
}
