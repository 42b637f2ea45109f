import CoreModel
import PeerCore
import RelayCore
import Secure
import Testing
import Wire

@testable import Options

@Suite("Options of the relay")
struct RelayOptionsTests {
    private static let id = String(repeating: "0a", count: 32)
    private static let hash = "$scrypt$ln=4,r=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg"

    private static let certificate: SignedCertificate = {
        let community = Identity(seed: [UInt8](repeating: 1, count: 32))
        return SignedCertificate(
            signing: RelayCertificate(
                community: community.peerID, relay: PeerID(hexadecimal: id)!, notBefore: 1, notAfter: 2), by: community)
    }()

    private static let files = OptionFiles(interfaceNumber: { $0 == "eth0" ? 3 : nil }) { path in
        let texts = [
            "/etc/relay/hello": "good morning\nand good luck", "plain": "open sesame\nnot this", "hashed": hash,
            "empty": "\nx", "bad": "$scrypt$oops", "/etc/relay/certificate": "# hub\n\(certificate.text)",
        ]
        guard let text = texts[path] else { throw OptionProblem("failed: cannot read \(path)") }
        return text
    }

    private func options(_ words: String..., file: String = "", path: String = "/etc/relay/relay.conf") throws
        -> RelayOptions
    {
        guard case .run(let settings, _) = try RelayCommand.parse(words) else {
            Issue.record("\(words) did not ask for a relay")
            return RelayOptions()
        }
        let fromFile = try ConfigurationFile.settings(in: file, path: path)
        return try RelayOptions(fromFile + settings, files: Self.files)
    }

    private func complaint(_ words: String..., file: String = "") -> String {
        do {
            guard case .run(let settings, _) = try RelayCommand.parse(words) else { return "" }
            let fromFile = try ConfigurationFile.settings(in: file, path: "relay.conf")
            _ = try RelayOptions(fromFile + settings, files: Self.files)
            return ""
        } catch {
            return error.text
        }
    }

    @Test("no settings mean an open relay on the default port")
    func nothing() throws {
        #expect(try options() == RelayOptions())
        #expect(try Arguments.parse(["relay"]) == .relay(.run([], configurationFile: nil)))
    }

    @Test("every option works on the command line and in the file, with the same meaning")
    func everywhere() throws {
        let values = [
            ("listen", "192.0.2.1:5"), ("name", "hub"), ("state", "/var/lib/x"), ("topic", "news # today"),
            ("motd", "hello"), ("motd-file", "/etc/relay/hello"), ("password", Self.hash), ("allow", Self.id),
            ("operator", Self.id), ("operator-password", Self.hash), ("max-members", "7"), ("max-per-address", "7"),
            ("max-handshakes", "7"), ("history", "7"), ("history-days", "7"), ("max-guests", "7"), ("rate", "7"),
            ("burst", "7"), ("community", "/etc/relay/certificate"),
            ("queue", "128K"), ("keep-bytes", "200M"),
            ("text", "7"), ("metrics", "7"), ("log-format", "json"), ("log-level", "debug"),
        ]
        for (name, value) in values {
            let onCommandLine = try options("--\(name)", value)
            #expect(onCommandLine != RelayOptions(), "\(name)")
            #expect(try options("--\(name)=\(value)") == onCommandLine)
            #expect(try options(file: "# \(name)\n\n  \(name)=\(value)  \r\n") == onCommandLine)
        }
        #expect(Set(values.map(\.0) + ["password-file"]) == Set(RelayOptions.rules.map(\.name)))
    }

    @Test("values are parsed by their type")
    func values() throws {
        let options = try options(
            "--listen", "[2001:db8::1]:5", "--listen", "relay.example:0", "--listen", "*:6", "--listen", "7",
            "--metrics", "9475", "--text", "127.0.0.1:8", "--queue", "2M", "--keep-bytes", "3G", "--operator", Self.id)
        #expect(options.listen.map(\.description) == ["[2001:db8::1]:5", "relay.example:0", "*:6", "*:7"])
        #expect(options.metrics?.description == "127.0.0.1:9475")
        #expect(options.text?.description == "127.0.0.1:8")
        #expect(options.limits.queueBytes == 2 << 20 && options.limits.keptBytes == 3 << 30)
        #expect(options.access.operators == [PeerID(hexadecimal: Self.id)])
    }

    @Test("a password comes from a file, in clear or hashed; a path in the settings file is relative to that file")
    func files() throws {
        #expect(try options("--password-file", "plain").access.password == .clear("open sesame"))
        let hash = try #require(PasswordHash(Self.hash))
        #expect(try options("--password-file", "hashed").access.password == .hash(hash))
        #expect(try options(file: "motd-file = hello").room.motd == "good morning\nand good luck")
        #expect(
            complaint("--password-file", "empty") == "--password-file names a file whose first line is empty: empty")
        #expect(complaint("--password-file", "bad").contains("takes a hash"))
        #expect(try options(file: "community = certificate").community?.certificate == Self.certificate)
        #expect(complaint("--community", "hashed").hasPrefix("--community names hashed, which is not a certificate"))
        #expect(complaint("--motd-file", "gone") == "--motd-file failed: cannot read gone")
    }

    @Test("the command line overrides the file; a repeated option is overridden as a whole")
    func precedence() throws {
        let file = "rate = 5\nburst = 6\nlisten = 192.0.2.1:5\nlisten = 192.0.2.1:6"
        let options = try options("--rate", "7", "--listen", "192.0.2.2:5", file: file)
        #expect(options.limits.rate == 7 && options.limits.burst == 6)
        #expect(options.listen.map(\.description) == ["192.0.2.2:5"])
    }

    @Test("all mistakes in a file are reported together, with their lines")
    func fileErrors() {
        let file = "rate = x\n\nratte = 5\nburst = 1\nburst = 2\nconfig = y\nqueue = \noperator = 12"
        #expect(
            complaint(file: file).split(separator: "\n") == [
                "relay.conf:1: rate takes a number from 1 to 10000, not x",
                "relay.conf:3: unknown option ratte (earshot relay --help lists them)",
                "relay.conf:5: burst was already given in line 4",
                "relay.conf:6: unknown option config (earshot relay --help lists them)",
                "relay.conf:7: queue needs a value",
                "relay.conf:8: operator takes a peer ID, 64 hexadecimal digits, not 12",
            ])
        #expect(
            complaint(file: "rate = 5\njust words\n= 5").split(separator: "\n") == [
                "relay.conf:2: expected KEY = VALUE, or a comment that begins with #",
                "relay.conf:3: expected KEY = VALUE, or a comment that begins with #",
            ])
    }

    @Test(
        "an invalid argument is rejected with advice",
        arguments: [
            ("--foo=1", "unknown option --foo (try earshot relay --help)"),
            ("hello", "unexpected argument hello (try earshot relay --help)"),
            ("-x", "unexpected argument -x (try earshot relay --help)"),
            ("--rate", "--rate needs a value (try earshot relay --help)"),
            ("--rate=", "--rate needs a value"),
            ("--name=ALL", "--name is not valid: a name cannot be all, because that means everybody: take another"),
            ("--rate=0", "--rate takes a number from 1 to 10000, not 0"),
            ("--rate=+1", "--rate takes a number from 1 to 10000, not +1"),
            ("--queue=1", "--queue takes a size from 64K to 64M, not 1"),
            ("--queue=99999999999999999999M", "--queue takes a size from 64K to 64M, not 99999999999999999999M"),
            ("--listen=a:b:c", "--listen takes HOST:PORT, for example 0.0.0.0:47475, not a:b:c"),
            ("--listen=host", "--listen takes HOST:PORT, for example 0.0.0.0:47475, not host"),
            ("--metrics=host:70000", "--metrics takes HOST:PORT, for example 127.0.0.1:9475, not host:70000"),
            ("--log-format=xml", "--log-format takes text or json, not xml"),
            ("--log-level=loud", "--log-level takes debug, info or warning, not loud"),
        ])
    func misuse(word: String, text: String) {
        #expect(complaint(word) == text)
    }

    @Test("a listen address may name its interface")
    func interfaceNames() throws {
        let place = try #require(IPAddress("fe80::1%3"))
        #expect(try options("--listen", "[fe80::1%eth0]:5").listen == [.init(.address(place), port: 5)])
        #expect(try options(file: "metrics = [fe80::1%eth0]:5").metrics == .init(.address(place), port: 5))
        #expect(
            complaint("--text", "[fe80::1%eth9]:5")
                == "--text names an unknown interface: eth9 (ip link lists them all)")
        #expect(
            complaint("--listen", "[fe80::1]:5")
                == "--listen needs the interface of fe80::1, for example fe80::1%eth0")
    }

    @Test("a NUL in a settings file is an error, not the end of the value")
    func nul() {
        #expect(complaint(file: "state = /var/lib/x\0y") == "relay.conf:1: contains a NUL, which no option accepts")
    }

    @Test("passwd accepts a state directory and --print, and nothing else")
    func passwd() throws {
        #expect(
            try RelayCommand.parse(["passwd", "--state", "/x", "--print"])
                == .passwd(.init(place: .init(stateDirectory: "/x"), isPrinted: true)))
        #expect(throws: Arguments.Misuse.self) { try RelayCommand.parse(["passwd", "--rate", "5"]) }
        #expect(throws: Arguments.Misuse.self) { try RelayCommand.parse(["--print"]) }
    }

    @Test("backup accepts a file and the location of the state, and nothing else")
    func backup() throws {
        #expect(
            try RelayCommand.parse(["backup", "x.db", "--config", "c"])
                == .backup(file: "x.db", .init(configurationFile: "c")))
        for words in [["backup"], ["backup", "a", "b"], ["backup", "a", "--rate", "5"], ["backup", "--print", "a"]] {
            #expect(throws: Arguments.Misuse.self) { try RelayCommand.parse(words) }
        }
    }

    @Test("--check and --config are not settings")
    func check() throws {
        let setting = Setting(name: "rate", value: "5", origin: .commandLine)
        #expect(
            try RelayCommand.parse(["--config=relay.conf", "--check", "--rate=5"])
                == .check([setting], configurationFile: "relay.conf"))
        #expect(try RelayCommand.parse(["--check", "--help"]) == .help)
    }

    @Test("the help names every option and fits the width of a terminal")
    func help() {
        let lines = RelayCommand.helpText.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines { #expect(line.count <= 80, "\(line)") }
        for rule in RelayOptions.rules { #expect(RelayCommand.helpText.contains("  --\(rule.name) "), "\(rule.name)") }
    }
}
