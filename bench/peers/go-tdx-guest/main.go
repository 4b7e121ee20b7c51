// SPDX-License-Identifier: Apache-2.0

// The peer of bench_tdx: github.com/google/go-tdx-guest, from the bytes of a quote and the answers of Intel's service to its verdict.
//
//	go-tdx-guest-peer QUOTE.HEX COLLATERAL.JSON SECONDS-SINCE-1970
//
// For every line with a number on standard input it appraises so many times and answers with the processor time that it took, in
// nanoseconds. It asks a service for its collateral; here that service is a table in memory.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/google/go-tdx-guest/abi"
	pb "github.com/google/go-tdx-guest/proto/tdx"
	"github.com/google/go-tdx-guest/validate"
	"github.com/google/go-tdx-guest/verify"
	"github.com/google/logger"
)

const clockProcessCPU = 2 // CLOCK_PROCESS_CPUTIME_ID: of all threads, so the garbage collector counts

func processorTime() int64 {
	var ts syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockProcessCPU, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		fail(errno)
	}
	return ts.Nano()
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "go-tdx-guest peer:", err)
	os.Exit(1)
}

func read(path string) []byte {
	content, err := os.ReadFile(path)
	if err != nil {
		fail(err)
	}
	return content
}

func unhex(text string) []byte {
	bytes, err := hex.DecodeString(text)
	if err != nil {
		fail(err)
	}
	return bytes
}

type answer struct {
	header map[string][]string
	body   []byte
}

// Intel's service, by the end or the middle of an address.
type service struct{ tcbInfo, qeIdentity, pckCrl, rootCrl answer }

func (s *service) Get(address string) (map[string][]string, []byte, error) {
	for _, row := range []struct {
		part   string
		answer *answer
	}{{"/tcb?", &s.tcbInfo}, {"/qe/identity", &s.qeIdentity}, {"/pckcrl?", &s.pckCrl}, {"RootCA", &s.rootCrl}} {
		if strings.Contains(address, row.part) {
			return row.answer.header, row.answer.body, nil
		}
	}
	return nil, nil, fmt.Errorf("nothing is known of %s", address)
}

type evidence struct {
	quote            []byte
	roots            *x509.CertPool // given by hand: with its own it warns of that on every appraisal, which takes time
	service          service
	mrTd, reportData []byte
	now              time.Time
}

func document(name, content, signature, header, chain string) answer {
	return answer{map[string][]string{header: {url.QueryEscape(strings.TrimRight(chain, "\x00"))}},
		[]byte(`{"` + name + `":` + content + `,"signature":"` + signature + `"}`)}
}

func load(args []string) (e evidence) {
	if len(args) != 3 {
		fail(fmt.Errorf("wants three arguments"))
	}
	var c struct {
		PckCrlIssuerChain     string `json:"pck_crl_issuer_chain"`
		RootCaCrl             string `json:"root_ca_crl"`
		PckCrl                string `json:"pck_crl"`
		TcbInfoIssuerChain    string `json:"tcb_info_issuer_chain"`
		TcbInfo               string `json:"tcb_info"`
		TcbInfoSignature      string `json:"tcb_info_signature"`
		QeIdentityIssuerChain string `json:"qe_identity_issuer_chain"`
		QeIdentity            string `json:"qe_identity"`
		QeIdentitySignature   string `json:"qe_identity_signature"`
	}
	if err := json.Unmarshal(read(args[1]), &c); err != nil {
		fail(err)
	}
	seconds, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		fail(err)
	}
	e = evidence{quote: unhex(string(read(args[0]))), roots: x509.NewCertPool(), now: time.Unix(seconds, 0)}
	root := c.TcbInfoIssuerChain[strings.LastIndex(c.TcbInfoIssuerChain, "-----BEGIN"):]
	if !e.roots.AppendCertsFromPEM([]byte(root)) {
		fail(fmt.Errorf("%s: no root certificate", args[1]))
	}
	e.service.tcbInfo = document("tcbInfo", c.TcbInfo, c.TcbInfoSignature, "Tcb-Info-Issuer-Chain", c.TcbInfoIssuerChain)
	e.service.qeIdentity = document("enclaveIdentity", c.QeIdentity, c.QeIdentitySignature, "Sgx-Enclave-Identity-Issuer-Chain",
		c.QeIdentityIssuerChain)
	e.service.pckCrl = answer{map[string][]string{"Sgx-Pck-Crl-Issuer-Chain": {url.QueryEscape(c.PckCrlIssuerChain)}}, unhex(c.PckCrl)}
	e.service.rootCrl = answer{nil, unhex(c.RootCaCrl)}
	quote, err := abi.QuoteToProto(e.quote)
	if err != nil {
		fail(err)
	}
	body := quote.(*pb.QuoteV4).GetTdQuoteBody()
	e.mrTd, e.reportData = body.GetMrTd(), body.GetReportData()
	return e
}

func appraise(e *evidence) error {
	quote, err := abi.QuoteToProto(e.quote)
	if err != nil {
		return err
	}
	if err := verify.TdxQuote(quote, &verify.Options{CheckRevocations: true, GetCollateral: true, Getter: &e.service, Now: e.now,
		TrustedRoots: e.roots}); err != nil {
		return err
	}
	return validate.TdxQuote(quote, &validate.Options{TdQuoteBodyOptions: validate.TdQuoteBodyOptions{MrTd: e.mrTd, ReportData: e.reportData}})
}

func main() {
	runtime.GOMAXPROCS(1)
	logger.Init("", false, false, io.Discard)
	e := load(os.Args[1:])
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var count int
		if _, err := fmt.Sscan(in.Text(), &count); err != nil {
			fail(err)
		}
		began := processorTime()
		for i := 0; i < count; i++ {
			if err := appraise(&e); err != nil {
				fail(err)
			}
		}
		fmt.Println(processorTime() - began)
	}
}
