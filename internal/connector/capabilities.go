package connector

// Capabilities says what a POS can do beyond sale, pre-authorization and inquiry.
type Capabilities struct {
	Capture bool
	Void    bool
	Refund  bool
	ThreeDS bool
	// WantsCard says that the card is needed again after 3-D Secure.
	WantsCard bool
	Points    bool
	// Tokens says that the bank keeps cards.
	Tokens bool
	// Rates says that the bank tells its installment rates.
	Rates bool
}

// CapabilitiesOf derives what a connector can do from the interfaces it has.
func CapabilitiesOf(c Connector) Capabilities {
	wanter, again := c.(CardWanter)
	able := capabilitiesOfType(c)
	able.WantsCard = able.ThreeDS && again && wanter.WantsCard()
	return able
}

// capabilitiesOfType calls nothing of c, which may be a nil pointer.
func capabilitiesOfType(c Connector) Capabilities {
	_, capture := c.(Capturer)
	_, void := c.(Voider)
	_, refund := c.(Refunder)
	_, threeDS := c.(ThreeDS)
	_, points := c.(Points)
	_, tokens := c.(Tokenizer)
	_, rates := c.(RateSource)
	return Capabilities{
		Capture: capture, Void: void, Refund: refund, ThreeDS: threeDS, Points: points, Tokens: tokens, Rates: rates,
	}
}

// Capabilities returns what POSes of the protocol can do. WantsCard is false,
// because it may depend on a POS's settings.
func (r Registration) Capabilities() Capabilities { return capabilitiesOfType(r.Connector) }
