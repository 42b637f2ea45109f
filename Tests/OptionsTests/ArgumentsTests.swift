import CoreModel
import PeerCore
import RelayCore
import Testing
import Wire

@testable import Options

@Suite("Arguments")
struct ArgumentsTests {
    private func options(_ words: String...) throws -> ChatOptions {
        guard case .chat(let options) = try Arguments.parse(words) else {
            Issue.record("\(words) did not ask for a chat")
            return ChatOptions()
        }
        return options
    }

    @Test("no arguments mean a chat with all defaults")
    func nothing() throws {
        #expect(try options() == ChatOptions())
    }

    @Test("a value follows its option or is attached with an equals sign")
    func values() throws {
        #expect(try options("--name", "ana") == options("--name=ana"))
        #expect(try options("--name=-ana=1").name == "-ana=1")
        #expect(try options("--state", "/tmp/x y").stateDirectory == "/tmp/x y")
        #expect(try options("--port", "0").port == 0)
        #expect(try options("--port", "1").port == 1)
        #expect(try options("--port=65535").port == 65535)
    }

    @Test("interfaces and peers may be repeated and keep their order")
    func repeated() throws {
        let options = try options(
            "--interface", "eth0", "--interface=wlan0", "--peer", "a.example:5", "--peer", "192.0.2.1:6")
        #expect(options.interfaces == ["eth0", "wlan0"])
        let literal = try #require(Endpoint("192.0.2.1:6"))
        #expect(options.peers == [.host("a.example", port: 5), .endpoint(literal)])
    }

    @Test("a peer without a port gets the default port")
    func usualPort() throws {
        #expect(PeerAddress("bea-laptop.local") == .host("bea-laptop.local", port: 47474))
        for text in ["fe80::1%3", "[fe80::1%3]", "192.0.2.1"] {
            guard case .endpoint(let endpoint) = PeerAddress(text) else {
                Issue.record("\(text) is not an address")
                continue
            }
            #expect(endpoint.port == 47474)
        }
    }

    @Test("without a user to ask, the given name is used, then the login name; an invalid name is an error")
    func name() throws {
        #expect(try options("--name", "ana").name(orLogin: "bea").text == "ana")
        #expect(try options().name(orLogin: "bea").text == "bea")
        #expect(try options().name(orLogin: nil).text == "peer")
        #expect(throws: NicknameError.optionLike) { try options("--name=-x").name(orLogin: "bea") }
        for login in ["all", "-x", "a@b", "Lobby"] {
            let misuse = #expect(throws: Arguments.Misuse.self) { try options().name(orLogin: login) }
            #expect(
                misuse?.text.hasPrefix("the login name cannot be used (choose another with --name NAME): a name")
                    == true)
        }
    }

    @Test("an address may name its interface, in every option that takes an address")
    func interfaceNames() throws {
        func parsed(_ words: String...) throws -> ChatOptions {
            guard case .chat(let options) = try Arguments.parse(words, interfaceNumber: { $0 == "eth0" ? 3 : nil })
            else {
                return ChatOptions()
            }
            return options
        }
        let endpoint = try #require(Endpoint("[fe80::1%3]:47474"))
        for text in ["[fe80::1%eth0]:47474", "fe80::1%eth0", "[fe80::1%eth0]", "[fe80::1%3]:47474", "[fe80::1%25eth0]"]
        {
            #expect(try parsed("--peer", text).peers == [.endpoint(endpoint)], "\(text)")
        }
        for text in ["[fe80::1%eth0]:47475", "earshot://[fe80::1%eth0]", "earshot://[fe80::1%25eth0]:47475/"] {
            #expect(try parsed("--relay", text).relays.first?.address.place == "[fe80::1%3]:47475", "\(text)")
        }
        for (option, text) in [("--peer", "[fe80::1%eth9]:1"), ("--relay", "[fe80::1%eth9]:1"), ("--peer", "fe80::1%")]
        {
            #expect { try parsed(option, text) } throws: {
                ($0 as? Arguments.Misuse)?.text.hasPrefix("\(option) names an unknown interface: ") == true
            }
        }
        for (option, text) in [("--peer", "[fe80::1]:1"), ("--relay", "earshot://[fe80::1]"), ("--peer", "fe80::1")] {
            #expect(
                throws: Arguments.Misuse(
                    text: "\(option) needs the interface of fe80::1, for example fe80::1%eth0")
            ) { try parsed(option, text) }
        }
    }

    @Test("flags are set by their presence")
    func flags() throws {
        let options = try options("--no-multicast", "--strict-name", "--json", "--quiet", "--verbose")
        #expect(
            options.usesNoMulticast && options.isNameStrict && options.isJSON && options.isQuiet && options.isVerbose)
    }

    @Test("sizes have units, and the limit for all unasked peers defaults to a multiple of the limit for one")
    func sizes() throws {
        let kept = try options("--keep-bytes", "200M", "--keep-unasked=64K").retention
        #expect(kept.bytes == 200 << 20 && kept.unsolicitedBytesPerKey == 64 << 10 && kept.unsolicitedBytes == 2 << 20)
        let both = try options("--keep-bytes=2G", "--keep-unasked", "0,1000000").retention
        #expect(both.bytes == 2 << 30 && both.unsolicitedBytesPerKey == 0 && both.unsolicitedBytes == 1_000_000)
        for (words, text) in [
            (["--keep-bytes", "1K"], "--keep-bytes takes a size from 8M to 1024G, not 1K"),
            (["--keep-bytes", "1T"], "--keep-bytes takes a size from 8M to 1024G, not 1T"),
            (["--keep-bytes", "9999999999G"], "--keep-bytes takes a size from 8M to 1024G, not 9999999999G"),
            (["--keep-unasked", "1M,"], "--keep-unasked takes a size from 0 to 1024G, not "),
            (["--keep-unasked", "1M,2M,3M"], "--keep-unasked takes a size from 0 to 1024G, not 2M,3M"),
            (["--keep-unasked", "K"], "--keep-unasked takes a size from 0 to 1024G, not K"),
        ] {
            #expect(throws: Arguments.Misuse(text: text)) { try Arguments.parse(words) }
        }
    }

    @Test("help and version take precedence over the arguments that follow")
    func helpAndVersion() throws {
        #expect(try Arguments.parse(["--help", "--nonsense"]) == .help(Arguments.helpText))
        #expect(try Arguments.parse(["-h"]) == .help(Arguments.helpText))
        #expect(try Arguments.parse(["--name", "ana", "--version"]) == .version)
    }

    @Test(
        "an invalid argument is rejected with advice",
        arguments: [
            (["--foo"], "unknown option --foo (try --help)"),
            (["--foo=bar"], "unknown option --foo (try --help)"),
            (["-x"], "unknown option -x (try --help)"),
            (["hello"], "unexpected argument hello (try --help)"),
            (["-"], "unexpected argument - (try --help)"),
            (["--name"], "--name needs a value (try --help)"),
            (["--name="], "--name needs a value (try --help)"),
            (["--name", "--json"], "--name needs a value (try --help)"),
            (["--json=yes"], "--json takes no value (try --help)"),
            (["--port", "+5"], "--port takes a number from 1 to 65535, or 0 for any, not +5"),
            (["--port", "65536"], "--port takes a number from 1 to 65535, or 0 for any, not 65536"),
            (["--peer", "a:b:c"], "--peer takes HOST:PORT, for example 192.0.2.7:47474, not a:b:c"),
            (["--peer", "300.1.1.1:5"], "--peer takes HOST:PORT, for example 192.0.2.7:47474, not 300.1.1.1:5"),
            (["--peer", "host:0"], "--peer takes HOST:PORT, for example 192.0.2.7:47474, not host:0"),
            (["--json", "relay"], "relay must come first: earshot relay [OPTION]..."),
            (["--relay-password", "f"], "--relay-password FILE must follow the --relay that it is for"),
        ])
    func misuse(words: [String], text: String) {
        #expect(throws: Arguments.Misuse(text: text)) { try Arguments.parse(words) }
    }

    @Test("the help fits a screen and names every option")
    func help() {
        let lines = Arguments.helpText.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 44)
        #expect(lines.allSatisfy { $0.count <= 80 })
        for option in [
            "--name", "--strict-name", "--state", "--interface", "--port", "--peer", "--no-multicast", "--json",
            "--quiet",
            "--verbose", "--help", "--version", "--keep N", "--keep-days", "--keep-bytes", "--keep-unasked",
        ] {
            #expect(Arguments.helpText.contains(option))
        }
    }
}
