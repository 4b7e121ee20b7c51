// SPDX-License-Identifier: Apache-2.0

// Driver for github.com/flynn/noise (../../README.md, "Driver protocol").
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/flynn/noise"
	"golang.org/x/crypto/curve25519"
)

const transportMessages = 3 // before the rekey, and again after it

var patterns = map[string]noise.HandshakePattern{
	"NK": noise.HandshakeNK, "XX": noise.HandshakeXX, "IK": noise.HandshakeIK,
}

var ciphers = map[string]noise.CipherFunc{"AESGCM": noise.CipherAESGCM, "ChaChaPoly": noise.CipherChaChaPoly}

var hashes = map[string]noise.HashFunc{
	"SHA256": noise.HashSHA256, "SHA512": noise.HashSHA512, "BLAKE2s": noise.HashBLAKE2s, "BLAKE2b": noise.HashBLAKE2b,
}

type report struct {
	OK    bool    `json:"ok"`
	H     string  `json:"h,omitempty"`
	RS    *string `json:"rs"`
	Error string  `json:"error,omitempty"`
}

type session struct {
	config    noise.Config
	state     *noise.HandshakeState
	fallback  bool // still to come
	initiator bool // of the original handshake
	writes    bool // it is our turn
	send      *noise.CipherState
	receive   *noise.CipherState
}

func readFrame() ([]byte, error) {
	var length uint16
	if err := binary.Read(os.Stdin, binary.BigEndian, &length); err != nil {
		return nil, errors.New("the peer closed the connection")
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(os.Stdin, body); err != nil {
		return nil, errors.New("the peer closed the connection")
	}
	return body, nil
}

func writeFrame(body []byte) {
	frame := append([]byte{byte(len(body) >> 8), byte(len(body))}, body...)
	_, _ = os.Stdout.Write(frame) // a peer that went away is noticed by the next read
}

func checkPayload(seen []byte, wanted string) error {
	if !bytes.Equal(seen, []byte(wanted)) {
		return fmt.Errorf("not the payload %q", wanted)
	}
	return nil
}

// keep stores the ciphers that the last handshake message brings. The first is that of the party that began this handshake, which
// is what flynn/noise calls the initiator, also in a fallback.
func (s *session) keep(first, second *noise.CipherState) {
	if s.config.Initiator {
		s.send, s.receive = first, second
	} else {
		s.send, s.receive = second, first
	}
}

// switchToFallback follows section 10.2; in flynn/noise the party that sends first is the initiator, so the roles change.
func (s *session) switchToFallback() error {
	s.fallback = false
	s.config.Pattern = noise.HandshakeXXfallback
	s.config.Initiator = !s.initiator
	s.config.PeerStatic = nil
	if s.initiator {
		s.config.EphemeralKeypair = s.state.LocalEphemeral()
	} else {
		s.config.PeerEphemeral = s.state.PeerEphemeral()
	}
	state, err := noise.NewHandshakeState(s.config)
	s.state = state
	return err
}

func (s *session) write(payload []byte) error {
	message, first, second, err := s.state.WriteMessage(nil, payload)
	if err != nil {
		return err
	}
	writeFrame(message)
	if first != nil {
		s.keep(first, second)
	}
	if s.fallback && s.initiator {
		return s.switchToFallback()
	}
	return nil
}

func (s *session) read(wanted string) error {
	message, err := readFrame()
	if err != nil {
		return err
	}
	payload, first, second, err := s.state.ReadMessage(nil, message)
	if s.fallback {
		if err == nil {
			return errors.New("the IK message should not have been readable")
		}
		return s.switchToFallback()
	}
	if err != nil {
		return err
	}
	if first != nil {
		s.keep(first, second)
	}
	return checkPayload(payload, wanted)
}

func (s *session) handshake() error {
	for n := 0; s.send == nil; n++ {
		payload := fmt.Sprintf("payload %d", n)
		var err error
		if s.writes {
			err = s.write([]byte(payload))
		} else {
			err = s.read(payload)
		}
		if err != nil {
			return err
		}
		s.writes = !s.writes
	}
	return nil
}

func (s *session) transport(first int) error {
	own, other := "responder", "initiator"
	if s.initiator {
		own, other = other, own
	}
	for i := first; i < first+transportMessages; i++ {
		sealed, err := s.send.Encrypt(nil, nil, []byte(fmt.Sprintf("transport %s %d", own, i)))
		if err != nil {
			return err
		}
		writeFrame(sealed)
	}
	for i := first; i < first+transportMessages; i++ {
		sealed, err := readFrame()
		if err != nil {
			return err
		}
		plain, err := s.receive.Decrypt(nil, nil, sealed)
		if err != nil {
			return err
		}
		if err := checkPayload(plain, fmt.Sprintf("transport %s %d", other, i)); err != nil {
			return err
		}
	}
	return nil
}

func keyPair(private []byte) (noise.DHKey, error) {
	public, err := curve25519.X25519(private, curve25519.Basepoint)
	return noise.DHKey{Private: private, Public: public}, err
}

func newSession() (*session, bool, error) {
	name := flag.String("name", "", "protocol name")
	role := flag.String("role", "", "initiator or responder")
	prologue := flag.String("prologue", "", "hex")
	static := flag.String("s", "", "hex")
	remote := flag.String("rs", "", "hex")
	fallback := flag.Bool("fallback", false, "the IK message will be of no use")
	noRekey := flag.Bool("no-rekey", false, "skip the rekey")
	flag.Parse()

	parts := strings.Split(*name, "_")
	if len(parts) != 5 {
		return nil, false, errors.New("not a protocol name: " + *name)
	}
	pattern, known := patterns[parts[1]]
	cipher, hash := ciphers[parts[3]], hashes[parts[4]]
	if !known || cipher == nil || hash == nil {
		return nil, false, errors.New("flynn/noise does not speak " + *name)
	}
	initiator := *role == "initiator"
	config := noise.Config{CipherSuite: noise.NewCipherSuite(noise.DH25519, cipher, hash), Pattern: pattern, Initiator: initiator}
	var err error
	if config.Prologue, err = hex.DecodeString(*prologue); err != nil {
		return nil, false, err
	}
	if *static != "" {
		private, err := hex.DecodeString(*static)
		if err != nil {
			return nil, false, err
		}
		if config.StaticKeypair, err = keyPair(private); err != nil {
			return nil, false, err
		}
	}
	if *remote != "" {
		if config.PeerStatic, err = hex.DecodeString(*remote); err != nil {
			return nil, false, err
		}
	}
	state, err := noise.NewHandshakeState(config)
	return &session{config: config, state: state, fallback: *fallback, initiator: initiator, writes: initiator}, !*noRekey, err
}

func converse() (*report, error) {
	s, rekey, err := newSession()
	if err != nil {
		return nil, err
	}
	if err := s.handshake(); err != nil {
		return nil, err
	}
	if err := s.transport(0); err != nil {
		return nil, err
	}
	if rekey {
		s.send.Rekey()
		s.receive.Rekey()
	}
	if err := s.transport(transportMessages); err != nil {
		return nil, err
	}
	result := &report{OK: true, H: hex.EncodeToString(s.state.ChannelBinding())}
	if peer := s.state.PeerStatic(); len(peer) > 0 {
		text := hex.EncodeToString(peer)
		result.RS = &text
	}
	return result, nil
}

func main() {
	result, err := converse()
	if err != nil {
		result = &report{Error: err.Error()}
	}
	line, _ := json.Marshal(result)
	fmt.Fprintln(os.Stderr, string(line))
	if !result.OK {
		os.Exit(1)
	}
}
