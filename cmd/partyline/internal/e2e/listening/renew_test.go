package listening

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"partyline/client"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestTalkTLS talks over each transport with and without TLS.
func TestTalkTLS(t *testing.T) {
	t.Parallel()
	chat := harness.PublicFolder(t) + "/web.sock"
	s := startSecured(t)
	plain := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, plain.Out, harness.WelcomeLine)
	for scheme, addr := range map[string]string{"tls": s.TCP, "wss": s.HTTP, "https": s.HTTP, "tcp": s.TCP} {
		talk := s.talk(t, scheme+"://"+addr, "talker-"+scheme)
		talk.Say(t, "hello over "+scheme)
		harness.ExpectLine(t, plain.Out, "talker-"+scheme+": hello over "+scheme)
		plain.Say(t, "hello "+scheme)
		harness.ExpectLine(t, talk.Out, ".*hello "+scheme)
	}
	onSocket := startSecured(t, "--tcp", "unix:"+chat)
	talk := onSocket.talk(t, "unix:"+chat, "talker-unix")
	harness.ExpectLine(t, onSocket.Err, ".*nick=talker-unix transport=tcp.*")
	talk.Say(t, "hello over unix")
	harness.ExpectLine(t, talk.Out, ".*talker-unix.*hello over unix")
}

// TestWrongName connects by a name that the certificate does not have.
func TestWrongName(t *testing.T) {
	t.Parallel()
	ca := startSecured(t).ca
	cert, key := ca.IssueNow(t, "other.example")
	s := startSecuredWith(t, ca, cert, key)
	for _, addr := range []string{"tls://" + s.TCP, "wss://" + s.HTTP} {
		talk := s.talk(t, addr, "talker")
		harness.ExpectLine(t, talk.Err, `.*the certificate is for another name: .*`)
	}
	harness.ExpectLine(t, harness.DialText(t, s.TCP).Out, harness.WelcomeLine)
}

// TestOpenSSL talks with openssl on the TCP port, in each version of TLS.
func TestOpenSSL(t *testing.T) {
	t.Parallel()
	s := startSecured(t)
	openssl := harness.NeedProgram(t, "openssl")
	nc, nick := harness.Netcat(t, s.TCP)
	for _, version := range []string{"-tls1_3", "-tls1_2"} {
		p := harness.Start(t, openssl, "s_client", "-quiet", version, "-connect", s.TCP, "-servername", "localhost",
			"-verify_hostname", "localhost", "-CAfile", s.caFile, "-verify_return_error")
		other := harness.ExpectLine(t, p.Out, harness.WelcomeLine)[0]
		p.Say(t, "hello from openssl")
		harness.ExpectLine(t, nc.Out, other+": hello from openssl")
		nc.Say(t, "hello "+version)
		harness.ExpectLine(t, p.Out, nick+": hello "+version)
	}
	old := exec.Command(openssl, "s_client", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-connect", s.TCP)
	if out, err := old.CombinedOutput(); err == nil || !strings.Contains(string(out), "alert protocol version") {
		t.Errorf("TLS 1.1: %v, %s", err, out)
	}
}

// dialClient connects with the client package.
func (s *secured) dialClient(t *testing.T, addr, nick string) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), addr, client.Options{Nick: nick, TLS: &tls.Config{RootCAs: s.ca.Pool()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestRenewedUnderLoad renews the certificate again and again, while members talk over TLS and
// others connect. No member is disconnected, and the next handshake gets the new certificate.
func TestRenewedUnderLoad(t *testing.T) {
	t.Parallel()
	const renewals = 5
	s := startSecured(t)
	watcher := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, watcher.Out, harness.WelcomeLine)
	stop := make(chan struct{})
	var talking sync.WaitGroup
	for i, addr := range []string{"tls://" + s.TCP, "wss://" + s.HTTP, "tls://" + s.TCP, "wss://" + s.HTTP} {
		c := s.dialClient(t, addr, fmt.Sprint("member", i))
		talking.Go(func() {
			for n := 0; ; n++ {
				if _, err := c.Say(t.Context(), fmt.Sprint("line ", n)); err != nil {
					t.Errorf("%s: %v", addr, err)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	talking.Go(func() {
		for {
			res, err := s.client().Get("https://" + s.HTTP + "/")
			if err != nil || res.StatusCode != http.StatusOK {
				t.Errorf("%v, %v", res, err)
				return
			}
			res.Body.Close()
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for range renewals {
		want := s.renew(t)
		s.Signal(t, syscall.SIGHUP)
		harness.ExpectLine(t, s.Err, `.*msg="certificate loaded" .* changed=true`)
		for _, addr := range []string{s.TCP, s.HTTP} {
			if got := s.serial(t, addr); got != want {
				t.Errorf("the certificate is %s, not %s", got, want)
			}
		}
	}
	close(stop)
	talking.Wait()
	if n := s.Err.Count(regexp.MustCompile("member left").MatchString); n > 0 {
		t.Errorf("%d members were disconnected:\n%s", n, s.Err)
	}
}

// TestRenewedFiles renews the certificate without a signal.
func TestRenewedFiles(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	s := startSecured(t)
	want := s.renew(t)
	if !harness.Eventually(func() bool { return s.serial(t, s.HTTP) == want }) {
		t.Error("the certificate is not renewed")
	}
}
