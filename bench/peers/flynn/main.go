// SPDX-License-Identifier: Apache-2.0

// The peer of bench_handshake for the classical XX: github.com/flynn/noise, both sides in this one process. For every line with a number
// on standard input it makes so many handshakes and answers with the processor time that they took, in nanoseconds.
package main

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/flynn/noise"
)

var suite = noise.NewCipherSuite(noise.DH25519, noise.CipherAESGCM, noise.HashSHA256)

const clockProcessCPU = 2 // CLOCK_PROCESS_CPUTIME_ID: of all threads, so the garbage collector counts

func processorTime() int64 {
	var ts syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockProcessCPU, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		fail(errno)
	}
	return ts.Nano()
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "flynn peer:", err)
	os.Exit(1)
}

func newSide(static noise.DHKey, initiator bool) (*noise.HandshakeState, error) {
	return noise.NewHandshakeState(noise.Config{CipherSuite: suite, Random: rand.Reader, Pattern: noise.HandshakeXX, Initiator: initiator,
		Prologue: []byte("enclume/1"), StaticKeypair: static})
}

func handshake(client, server noise.DHKey) error {
	writer, err := newSide(client, true)
	if err != nil {
		return err
	}
	reader, err := newSide(server, false)
	if err != nil {
		return err
	}
	for {
		message, done, _, err := writer.WriteMessage(nil, nil)
		if err != nil {
			return err
		}
		if _, _, _, err := reader.ReadMessage(nil, message); err != nil {
			return err
		}
		if done != nil {
			return nil
		}
		writer, reader = reader, writer
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	client, err := suite.GenerateKeypair(rand.Reader)
	if err != nil {
		fail(err)
	}
	server, err := suite.GenerateKeypair(rand.Reader)
	if err != nil {
		fail(err)
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var count int
		if _, err := fmt.Sscan(in.Text(), &count); err != nil {
			fail(err)
		}
		began := processorTime()
		for i := 0; i < count; i++ {
			if err := handshake(client, server); err != nil {
				fail(err)
			}
		}
		fmt.Println(processorTime() - began)
	}
}
