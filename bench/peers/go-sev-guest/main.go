// SPDX-License-Identifier: Apache-2.0

// The peer of bench_snp: github.com/google/go-sev-guest, from the bytes of a report and its certificates to its verdict.
//
//	go-sev-guest-peer REPORT VCEK CHAIN.PEM SECONDS-SINCE-1970
//
// For every line with a number on standard input it appraises so many times and answers with the processor time that it took, in
// nanoseconds. No revocation list: it has none either.
package main

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"github.com/google/go-sev-guest/abi"
	"github.com/google/go-sev-guest/kds"
	"github.com/google/go-sev-guest/proto/sevsnp"
	"github.com/google/go-sev-guest/validate"
	"github.com/google/go-sev-guest/verify"
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
	fmt.Fprintln(os.Stderr, "go-sev-guest peer:", err)
	os.Exit(1)
}

func read(path string) []byte {
	content, err := os.ReadFile(path)
	if err != nil {
		fail(err)
	}
	return content
}

type evidence struct {
	report, vcek, ask, ark  []byte
	measurement, reportData []byte
	now                     time.Time
}

func load(args []string) (e evidence) {
	if len(args) != 4 {
		fail(fmt.Errorf("wants four arguments"))
	}
	ask, rest := pem.Decode(read(args[2]))
	ark, _ := pem.Decode(rest)
	if ask == nil || ark == nil {
		fail(fmt.Errorf("%s: not two PEM certificates", args[2]))
	}
	seconds, err := strconv.ParseInt(args[3], 10, 64)
	if err != nil {
		fail(err)
	}
	e = evidence{report: read(args[0]), vcek: read(args[1]), ask: ask.Bytes, ark: ark.Bytes, now: time.Unix(seconds, 0)}
	report, err := abi.ReportToProto(e.report)
	if err != nil {
		fail(err)
	}
	e.measurement, e.reportData = report.GetMeasurement(), report.GetReportData()
	return e
}

func appraise(e *evidence) error {
	report, err := abi.ReportToProto(e.report)
	if err != nil {
		return err
	}
	attestation := &sevsnp.Attestation{Report: report,
		CertificateChain: &sevsnp.CertificateChain{VcekCert: e.vcek, AskCert: e.ask, ArkCert: e.ark}}
	if err := verify.SnpAttestation(attestation, &verify.Options{DisableCertFetching: true, Now: e.now}); err != nil {
		return err
	}
	vmpl := 0
	return validate.SnpAttestation(attestation, &validate.Options{
		GuestPolicy:               abi.SnpPolicy{SMT: true, MigrateMA: false, Debug: true},
		Measurement:               e.measurement,
		ReportData:                e.reportData,
		MinimumTCB:                kds.TCBParts{},
		PlatformInfo:              &abi.SnpPlatformInfo{SMTEnabled: true, TSMEEnabled: true},
		PermitProvisionalFirmware: true,
		VMPL:                      &vmpl})
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
