package xmlscan

// The defaults of [Limits].
const (
	DefaultBytes      = 1 << 30
	DefaultDepth      = 256
	DefaultAttributes = 256
	DefaultToken      = 1 << 20
)

// Bounds that no option lifts: no name or set of namespace declarations of a real document comes near them, and they keep
// what the scanner holds per open element small.
const (
	maxName       = 1 << 10
	maxNamespaces = 1 << 16 // bytes of all prefixes and namespace names in scope
	maxBinds      = 512     // declarations in scope: each name with a prefix is looked for among them
	maxDecl       = 1 << 10
	firstBuffer   = 1 << 16
)

// Limits bound what a document may make the scanner do or hold. Zero means the default, in each field.
type Limits struct {
	// Bytes is the size of the input before transcoding; the default is 1 GiB.
	Bytes int64
	// Depth is the number of elements open at the same time; the default is 256.
	Depth int
	// Attributes is the number of attributes of one element, namespace declarations included; the default is 256.
	Attributes int
	// Token is the size in bytes of one tag, run of text, CDATA section, comment or processing instruction; the default
	// is 1 MiB. It also bounds the scanner's memory: about twice this.
	Token int
}

func (l *Limits) withDefaults() Limits {
	var out Limits
	if l != nil {
		out = *l
	}
	if out.Bytes <= 0 {
		out.Bytes = DefaultBytes
	}
	if out.Depth <= 0 {
		out.Depth = DefaultDepth
	}
	if out.Attributes <= 0 {
		out.Attributes = DefaultAttributes
	}
	if out.Token <= 0 {
		out.Token = DefaultToken
	}
	return out
}
