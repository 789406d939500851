package sources

import "time"

// Limits bound what a collection may cost, whatever a document or an institution does. Zero means the default.
type Limits struct {
	DocumentBytes  int64         // size of one document; 512 MiB
	ResponseBytes  int64         // one answer after decompression; 64 MiB
	Documents      int           // documents of one source in one collection; 10,000
	Records        int           // records of one document; 5,000,000
	Issues         int           // issues of one document, and of one record; 1,000
	Redirects      int           // of one request; 5
	SourceTime     time.Duration // one source, all its requests and reading; 3 minutes
	RequestTime    time.Duration // one request with its body; 60 seconds
	MemoryBytes    int64         // what a body may hold of memory before it goes to an encrypted temporary file; 8 MiB
	Institutions   int           // institutions that are worked on at the same time; 8
	DisconnectTime time.Duration // one disconnect; 30 seconds
}

func (l Limits) withDefaults() Limits {
	def(&l.DocumentBytes, 512<<20)
	def(&l.ResponseBytes, 64<<20)
	def(&l.Documents, 10_000)
	def(&l.Records, 5_000_000)
	def(&l.Issues, 1_000)
	def(&l.Redirects, 5)
	def(&l.SourceTime, 3*time.Minute)
	def(&l.RequestTime, time.Minute)
	def(&l.MemoryBytes, 8<<20)
	def(&l.Institutions, 8)
	def(&l.DisconnectTime, 30*time.Second)
	return l
}

func def[T ~int | ~int64](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}
