// The library that Docker's log driver is made of, as a program for go-client.test.ts: it posts
// numbered lines with the options given as flags and fails when one of them could not be sent.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/fluent/fluent-logger-golang/fluent"
)

type load struct {
	tag   string
	count int
	size  int
	pause time.Duration
}

func main() {
	config, load := parseFlags()
	if err := send(config, load); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func parseFlags() (fluent.Config, load) {
	config := fluent.Config{RetryWait: 50, MaxRetry: 200, MaxRetryWait: 200, BufferLimit: 1 << 20}
	var work load
	flag.StringVar(&config.FluentNetwork, "network", "tcp", "tcp, tls or unix")
	flag.IntVar(&config.FluentPort, "port", 0, "port on 127.0.0.1")
	flag.StringVar(&config.FluentSocketPath, "path", "", "unix socket")
	flag.BoolVar(&config.Async, "async", false, "queue in memory and send in the background")
	flag.BoolVar(&config.RequestAck, "request-ack", false, "wait for every acknowledgement")
	flag.BoolVar(&config.SubSecondPrecision, "sub-second", false, "send EventTime")
	flag.BoolVar(&config.MarshalAsJSON, "json", false, "send JSON")
	flag.BoolVar(&config.TlsInsecureSkipVerify, "insecure", false, "accept any certificate")
	flag.StringVar(&work.tag, "tag", "go", "tag of every line")
	flag.IntVar(&work.count, "count", 1, "number of lines")
	flag.IntVar(&work.size, "size", 0, "bytes of padding in each line")
	flag.DurationVar(&work.pause, "pause", 0, "pause after each line")
	flag.Parse()
	return config, work
}

func send(config fluent.Config, work load) error {
	var failed error
	config.AsyncResultCallback = func(_ []byte, err error) {
		if err != nil {
			failed = err
		}
	}
	logger, err := fluent.New(config)
	if err != nil {
		return err
	}
	padding := strings.Repeat("x", work.size)
	for number := 0; number < work.count; number++ {
		record := map[string]any{
			"number":  number,
			"padding": padding,
			"nested":  map[string]any{"pi": 3.25, "yes": true, "text": "ü"},
		}
		posted := time.Unix(1795251000, 123456789)
		if err := logger.PostWithTime(work.tag, posted, record); err != nil {
			return err
		}
		time.Sleep(work.pause)
	}
	if err := logger.Close(); err != nil {
		return err
	}
	return failed
}
