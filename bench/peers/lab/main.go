// lab: event generator, topic loader, live producer, output watcher + exact oracle. See ../README.md
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand"
	"os"
	"os/signal"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const SC = 10000 // exact arithmetic: price and size have at most 4 decimals

func die(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func dec(v int64, digits int) string { // v / 10^digits, trailing zeros trimmed
	s := strconv.FormatInt(v, 10)
	for len(s) <= digits {
		s = "0" + s
	}
	i, f := s[:len(s)-digits], strings.TrimRight(s[len(s)-digits:], "0")
	if f == "" {
		return i
	}
	return i + "." + f
}

type sym struct {
	name string
	mid  int64 // ticks
	tick int64 // in 1/SC
	base int64
}

var names = []string{"BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT", "BNB-USDT", "ADA-USDT", "DOGE-USDT", "DOT-USDT", "LTC-USDT", "LINK-USDT"}
var prices = []float64{34045.24, 1633.51, 19.83, 0.5021, 214.6, 0.2561, 0.0634, 4.225, 62.87, 6.123}

func cmdGen(args []string) {
	fs := flag.NewFlagSet("gen", flag.ExitOnError)
	n := fs.Int("n", 1000000, "events")
	s := fs.Int("symbols", 10, "symbols")
	seed := fs.Int64("seed", 42, "seed")
	out := fs.String("out", "events.jsonl", "file")
	closes := fs.Float64("closes", 0.45, "share of closes")
	spread := fs.Int("spread", 60, "ticks each side")
	drift := fs.Int64("drift", 40, "max mid drift in ticks")
	fs.Parse(args)
	r := rand.New(rand.NewSource(*seed))
	syms := make([]sym, *s)
	for i := range syms {
		p := prices[i%len(prices)]
		name := names[i%len(names)]
		if i >= len(names) {
			name = fmt.Sprintf("S%03d-USDT", i)
			p = 1 + float64(i%97)*3.37
		}
		tick := int64(100)
		if p < 10 {
			tick = 1
		}
		b := int64(math.Round(p * SC / float64(tick)))
		if b < int64(*spread)+*drift+5 {
			b = int64(*spread) + *drift + 5
		}
		syms[i] = sym{name, b, tick, b}
	}
	f, err := os.Create(*out)
	die(err)
	w := bufio.NewWriterSize(f, 1<<20)
	open := make([]int64, 0, *n)
	var id int64
	for k := 0; k < *n; k++ {
		ts := 1693973208 + k/100
		if len(open) > 0 && r.Float64() < *closes {
			j := r.Intn(len(open))
			fmt.Fprintf(w, `{"order_id":%d,"status":"CLOSED","created_at":%d}`+"\n", open[j], ts)
			open[j] = open[len(open)-1]
			open = open[:len(open)-1]
			continue
		}
		id++
		sy := &syms[r.Intn(len(syms))]
		switch r.Intn(3) {
		case 0:
			if sy.mid < sy.base+*drift {
				sy.mid++
			}
		case 1:
			if sy.mid > sy.base-*drift {
				sy.mid--
			}
		}
		side, d := "BUY", -int64(1+r.Intn(*spread))
		if r.Intn(2) == 0 {
			side, d = "SELL", -d
		}
		size := int64(1 + r.Intn(20000)) // lots of 0.0001 .. 2
		fmt.Fprintf(w, `{"order_id":%d,"symbol":"%s","order_side":"%s","size":%s,"price":%s,"status":"OPEN","created_at":%d}`+"\n",
			id, sy.name, side, dec(size, 4), dec((sy.mid+d)*sy.tick, 4), ts)
		open = append(open, id)
	}
	die(w.Flush())
	f.Close()
	fmt.Printf("events=%d opens=%d stillOpen=%d file=%s\n", *n, id, len(open), *out)
}

func client(brokers string, opts ...kgo.Opt) *kgo.Client {
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers)}, opts...)...)
	die(err)
	return c
}

func recreate(c *kgo.Client, topic string, parts int32) {
	a := kadm.NewClient(c)
	ctx := context.Background()
	if parts == 0 {
		return
	}
	a.DeleteTopics(ctx, topic)
	mx := "8388608"
	for i := 0; i < 50; i++ {
		r, err := a.CreateTopic(ctx, parts, 1, map[string]*string{"max.message.bytes": &mx}, topic)
		if err == nil && r.Err == nil {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	die(fmt.Errorf("cannot create %s", topic))
}

func cmdTopic(args []string) {
	fs := flag.NewFlagSet("topic", flag.ExitOnError)
	b := fs.String("brokers", "127.0.0.1:19292", "")
	t := fs.String("topic", "out", "")
	p := fs.Int("partitions", 1, "")
	fs.Parse(args)
	recreate(client(*b), *t, int32(*p))
}

func keyOf(l []byte) []byte { // order_id digits
	i := bytes.IndexByte(l, ':') + 1
	j := bytes.IndexByte(l[i:], ',') + i
	return l[i:j]
}

func cmdLoad(args []string) {
	fs := flag.NewFlagSet("load", flag.ExitOnError)
	b := fs.String("brokers", "127.0.0.1:19292", "")
	t := fs.String("topic", "orders", "")
	p := fs.Int("partitions", 4, "recreate topic with this many partitions; 0 = keep")
	in := fs.String("file", "events.jsonl", "")
	max := fs.Int("n", 0, "at most n events")
	fs.Parse(args)
	c := client(*b, kgo.DefaultProduceTopic(*t), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerLinger(5*time.Millisecond), kgo.MaxBufferedRecords(200000))
	recreate(c, *t, int32(*p))
	f, err := os.Open(*in)
	die(err)
	sc := bufio.NewScanner(f)
	sc.Buffer(make([]byte, 1<<20), 1<<20)
	t0 := time.Now()
	n := 0
	for sc.Scan() {
		l := append([]byte(nil), sc.Bytes()...)
		c.Produce(context.Background(), &kgo.Record{Key: keyOf(l), Value: l}, func(_ *kgo.Record, err error) { die(err) })
		n++
		if *max > 0 && n >= *max {
			break
		}
	}
	die(c.Flush(context.Background()))
	fmt.Printf("loaded=%d in %.2fs\n", n, time.Since(t0).Seconds())
}

// live: paced producer with probe orders on unique price levels; writes what it sent (for the oracle) and probe times
func cmdLive(args []string) {
	fs := flag.NewFlagSet("live", flag.ExitOnError)
	b := fs.String("brokers", "127.0.0.1:19292", "")
	t := fs.String("topic", "orders", "")
	in := fs.String("file", "events.jsonl", "")
	rate := fs.Int("rate", 100, "events/s")
	secs := fs.Int("secs", 60, "")
	every := fs.Int("batchms", 100, "one batch each this many ms")
	probe := fs.Int("probems", 173, "one probe order each this many ms; 0 = none")
	log := fs.String("log", "sent.jsonl", "")
	plog := fs.String("probes", "probes.jsonl", "")
	fs.Parse(args)
	c := client(*b, kgo.DefaultProduceTopic(*t), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerLinger(0))
	f, err := os.Open(*in)
	die(err)
	sc := bufio.NewScanner(f)
	sc.Buffer(make([]byte, 1<<20), 1<<20)
	lf, err := os.Create(*log)
	die(err)
	lw := bufio.NewWriterSize(lf, 1<<20)
	pf, err := os.Create(*plog)
	die(err)
	send := func(l []byte) {
		c.Produce(context.Background(), &kgo.Record{Key: keyOf(l), Value: l}, func(_ *kgo.Record, err error) { die(err) })
		lw.Write(l)
		lw.WriteByte('\n')
	}
	start := time.Now()
	sent, probes, owed := 0, 0, 0.0
	next := start
	nextProbe := start.Add(time.Duration(*probe) * time.Millisecond)
	for time.Since(start) < time.Duration(*secs)*time.Second {
		owed += float64(*rate) * float64(*every) / 1000
		for ; owed >= 1; owed-- {
			if !sc.Scan() {
				break
			}
			send(append([]byte(nil), sc.Bytes()...))
			sent++
		}
		next = next.Add(time.Duration(*every) * time.Millisecond)
		for *probe > 0 && nextProbe.Before(next) {
			time.Sleep(time.Until(nextProbe))
			probes++
			price := dec(int64(10000+probes), 4) // 1.0001, 1.0002 ... unique for BTC-USDT
			now := time.Now()
			send([]byte(fmt.Sprintf(`{"order_id":%d,"symbol":"BTC-USDT","order_side":"BUY","size":1,"price":%s,"status":"OPEN","created_at":%d}`, 1000000000+probes, price, now.Unix())))
			fmt.Fprintf(pf, "{\"i\":%d,\"price\":%s,\"ms\":%d}\n", probes, price, now.UnixMilli())
			nextProbe = nextProbe.Add(time.Duration(*probe) * time.Millisecond)
		}
		time.Sleep(time.Until(next))
	}
	die(c.Flush(context.Background()))
	lw.Flush()
	lf.Close()
	pf.Close()
	fmt.Printf("sent=%d probes=%d secs=%.2f\n", sent, probes, time.Since(start).Seconds())
}

type ev struct {
	ID     int64       `json:"order_id"`
	Symbol string      `json:"symbol"`
	Side   string      `json:"order_side"`
	Size   json.Number `json:"size"`
	Price  json.Number `json:"price"`
	Status string      `json:"status"`
}

func fix(s string) int64 { // decimal text -> 1/SC, exact
	i, f, _ := strings.Cut(s, ".")
	for len(f) < 4 {
		f += "0"
	}
	v, err := strconv.ParseInt(i+f, 10, 64)
	die(err)
	return v
}

type lvl struct {
	price, amt int64
}
type row struct {
	Symbol string  `json:"symbol"`
	Side   string  `json:"side"`
	Price  float64 `json:"price"`
	Amount float64 `json:"amount"`
	Total  float64 `json:"total"`
	Cum    float64 `json:"cum_sum"`
}

func pf(s string) float64 { v, _ := strconv.ParseFloat(s, 64); return v }

// expected final book: key "symbol side_rank" -> row with correctly rounded doubles of the exact values
func oracle(files string) map[string]row {
	type op struct {
		sym, side   string
		price, size int64
	}
	open := map[int64]op{}
	book := map[string]map[int64]int64{}
	for _, fn := range strings.Split(files, ",") {
		f, err := os.Open(fn)
		die(err)
		sc := bufio.NewScanner(f)
		sc.Buffer(make([]byte, 1<<20), 1<<20)
		for sc.Scan() {
			var e ev
			die(json.Unmarshal(sc.Bytes(), &e))
			if e.Status == "OPEN" {
				o := op{e.Symbol, e.Side, fix(e.Price.String()), fix(e.Size.String())}
				open[e.ID] = o
			} else {
				delete(open, e.ID)
			}
		}
		f.Close()
	}
	for _, o := range open {
		k := o.sym + " " + strings.ToLower(o.side)
		if book[k] == nil {
			book[k] = map[int64]int64{}
		}
		book[k][o.price] += o.size
	}
	res := map[string]row{}
	for k, m := range book {
		ls := make([]lvl, 0, len(m))
		for p, a := range m {
			ls = append(ls, lvl{p, a})
		}
		buy := strings.HasSuffix(k, "buy")
		sort.Slice(ls, func(i, j int) bool {
			if buy {
				return ls[i].price > ls[j].price
			}
			return ls[i].price < ls[j].price
		})
		var cum int64
		sy, side, _ := strings.Cut(k, " ")
		for i, l := range ls {
			tot := l.price * l.amt
			cum += tot
			s := fmt.Sprintf("%s_%d", side, i+1)
			res[sy+" "+s] = row{sy, s, pf(dec(l.price, 4)), pf(dec(l.amt, 4)), pf(dec(tot, 8)), pf(dec(cum, 8))}
		}
	}
	return res
}

type diff struct {
	Rows, Expected, Missing, Extra, Dup, PriceWrong int
	AmtInexact, TotInexact, CumInexact              int
	MaxAmtErr, MaxTotErr, MaxCumErr, MaxCumRelErr   float64
	OrderWrong                                      int
}

func compare(rows []row, exp map[string]row) diff {
	d := diff{Rows: len(rows), Expected: len(exp)}
	seen := map[string]bool{}
	last := map[string]int{}
	for _, r := range rows {
		k := r.Symbol + " " + strings.ToLower(r.Side)
		if seen[k] {
			d.Dup++
		}
		seen[k] = true
		if i := strings.LastIndexByte(r.Side, '_'); i > 0 {
			n, _ := strconv.Atoi(r.Side[i+1:])
			kk := r.Symbol + r.Side[:i]
			if n != last[kk]+1 {
				d.OrderWrong++
			}
			last[kk] = n
		}
		e, ok := exp[k]
		if !ok {
			d.Extra++
			continue
		}
		if e.Price != r.Price {
			d.PriceWrong++
			continue
		}
		c := func(a, b float64, n *int, m *float64) {
			if a != b {
				*n++
			}
			*m = math.Max(*m, math.Abs(a-b))
		}
		c(r.Amount, e.Amount, &d.AmtInexact, &d.MaxAmtErr)
		c(r.Total, e.Total, &d.TotInexact, &d.MaxTotErr)
		c(r.Cum, e.Cum, &d.CumInexact, &d.MaxCumErr)
		d.MaxCumRelErr = math.Max(d.MaxCumRelErr, math.Abs(r.Cum-e.Cum)/e.Cum)
	}
	for k := range exp {
		if !seen[k] {
			d.Missing++
		}
	}
	return d
}

func (d diff) ok() bool { // right levels, right ranks, right prices, amounts to 1e-6
	return d.Missing == 0 && d.Extra == 0 && d.Dup == 0 && d.PriceWrong == 0 && d.MaxAmtErr < 1e-6 && d.Rows == d.Expected
}

type seenMsg struct {
	ArrMs, TsMs int64
	Offset      int64
	Bytes, Rows int
	Final       bool
	NewestProbe int
}

// watch: follow the output topic; with -expect stop once the final book is seen; with -probes-max record probe latencies
func cmdWatch(args []string) {
	fs := flag.NewFlagSet("watch", flag.ExitOnError)
	b := fs.String("brokers", "127.0.0.1:19292", "")
	t := fs.String("topic", "book", "")
	expect := fs.String("expect", "", "event file(s), comma separated: stop at first message equal to the final book")
	timeout := fs.Int("timeout", 120, "seconds")
	committed := fs.Bool("committed", false, "read_committed")
	out := fs.String("out", "watch.jsonl", "one line per message")
	probeOut := fs.String("probe-out", "", "first arrival of each probe level")
	save := fs.String("save", "", "save last message")
	last := fs.Bool("lastonly", false, "do not stop at match; compare the last message at the end (SIGTERM or timeout)")
	fs.Parse(args)
	opts := []kgo.Opt{kgo.ConsumeTopics(*t), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100 * time.Millisecond), kgo.FetchMinBytes(1)}
	if *committed {
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	var exp map[string]row
	if *expect != "" && !*last {
		exp = oracle(*expect)
		fmt.Printf("expected levels=%d\n", len(exp))
	}
	c := client(*b, opts...)
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	ctx, c2 := context.WithTimeout(ctx, time.Duration(*timeout)*time.Second)
	defer c2()
	of, err := os.Create(*out)
	die(err)
	first := map[int]int64{}
	var lastVal []byte
	n := 0
	fmt.Println("watching")
loop:
	for {
		fx := c.PollFetches(ctx)
		if ctx.Err() != nil {
			break
		}
		now := time.Now().UnixMilli()
		it := fx.RecordIter()
		for !it.Done() {
			r := it.Next()
			n++
			var rows []row
			if err := json.Unmarshal(r.Value, &rows); err != nil {
				fmt.Println("bad message:", err, string(r.Value[:min(len(r.Value), 200)]))
				continue
			}
			m := seenMsg{ArrMs: now, TsMs: r.Timestamp.UnixMilli(), Offset: r.Offset, Bytes: len(r.Value), Rows: len(rows)}
			for _, x := range rows {
				if x.Symbol == "BTC-USDT" && x.Price > 1 && x.Price < 2 {
					i := int(math.Round(x.Price*SC)) - 10000
					if _, ok := first[i]; !ok {
						first[i] = now
					}
					if i > m.NewestProbe {
						m.NewestProbe = i
					}
				}
			}
			lastVal = r.Value
			if exp != nil {
				d := compare(rows, exp)
				m.Final = d.ok()
				if m.Final {
					j, _ := json.Marshal(d)
					fmt.Printf("FINAL arrMs=%d tsMs=%d messages=%d %s\n", now, m.TsMs, n, j)
				}
			}
			j, _ := json.Marshal(m)
			fmt.Fprintf(of, "%s\n", j)
			if n == 1 {
				fmt.Printf("FIRST arrMs=%d tsMs=%d rows=%d bytes=%d\n", now, m.TsMs, len(rows), len(r.Value))
			}
			if m.Final {
				break loop
			}
		}
	}
	of.Close()
	if *last && *expect != "" && lastVal != nil {
		var rows []row
		json.Unmarshal(lastVal, &rows)
		d := compare(rows, oracle(*expect))
		j, _ := json.Marshal(d)
		fmt.Printf("LAST ok=%v messages=%d %s\n", d.ok(), n, j)
	}
	if *save != "" {
		os.WriteFile(*save, lastVal, 0644)
	}
	if *probeOut != "" {
		f, _ := os.Create(*probeOut)
		for i, ms := range first {
			fmt.Fprintf(f, "{\"i\":%d,\"arr\":%d}\n", i, ms)
		}
		f.Close()
	}
	fmt.Printf("messages=%d\n", n)
}

func main() {
	if len(os.Args) < 2 {
		fmt.Println("lab gen|topic|load|live|watch  (-h for flags)")
		os.Exit(2)
	}
	a := os.Args[2:]
	switch os.Args[1] {
	case "gen":
		cmdGen(a)
	case "topic":
		cmdTopic(a)
	case "load":
		cmdLoad(a)
	case "live":
		cmdLive(a)
	case "watch":
		cmdWatch(a)
	}
}
