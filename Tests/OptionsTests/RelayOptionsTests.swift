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
        guard let text = texts[path] else { throw OptionProblem("names a file: cannot read \(path)") }
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

    @Test("no settings mean an open relay on the usual port")
    func nothing() throws {
        #expect(try options() == RelayOptions())
        #expect(try Arguments.parse(["relay"]) == .relay(.run([], configurationFile: nil)))
    }

    @Test("every option can stand on the command line and in the file, and means the same there")
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

    @Test("values are read as what they are")
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

    @Test("a password comes from a file, in clear or hashed; a path in the file is meant from where that is")
    func files() throws {
        #expect(try options("--password-file", "plain").access.password == .clear("open sesame"))
        let hash = try #require(PasswordHash(Self.hash))
        #expect(try options("--password-file", "hashed").access.password == .hash(hash))
        #expect(try options(file: "motd-file = hello").room.motd == "good morning\nand good luck")
        #expect(complaint("--password-file", "empty") == "--password-file names empty, whose first line is empty")
        #expect(complaint("--password-file", "bad").contains("takes a hash"))
        #expect(try options(file: "community = certificate").community?.certificate == Self.certificate)
        #expect(complaint("--community", "hashed").hasPrefix("--community names hashed, which is no certificate"))
        #expect(complaint("--motd-file", "gone") == "--motd-file names a file: cannot read gone")
    }

    @Test("the command line wins over the file, for options that may be repeated as a whole")
    func precedence() throws {
        let file = "rate = 5\nburst = 6\nlisten = 192.0.2.1:5\nlisten = 192.0.2.1:6"
        let options = try options("--rate", "7", "--listen", "192.0.2.2:5", file: file)
        #expect(options.limits.rate == 7 && options.limits.burst == 6)
        #expect(options.listen.map(\.description) == ["192.0.2.2:5"])
    }

    @Test("everything that is wrong with a file is said at once, with its line")
    func fileErrors() {
        let file = "rate = x\n\nratte = 5\nburst = 1\nburst = 2\nconfig = y\nqueue = \noperator = 12"
        #expect(
            complaint(file: file).split(separator: "\n") == [
                "relay.conf:1: rate takes a number from 1 to 10000, not x",
                "relay.conf:3: unknown option ratte (earshot relay --help lists them)",
                "relay.conf:5: burst was given in line 4 already",
                "relay.conf:6: unknown option config (earshot relay --help lists them)",
                "relay.conf:7: queue needs a value",
                "relay.conf:8: operator takes a peer ID, 64 hexadecimal digits, not 12",
            ])
        #expect(
            complaint(file: "rate = 5\njust words\n= 5").split(separator: "\n") == [
                "relay.conf:2: a line is KEY = VALUE, or a comment that begins with #",
                "relay.conf:3: a line is KEY = VALUE, or a comment that begins with #",
            ])
    }

    @Test(
        "what cannot be done is refused with what to do instead",
        arguments: [
            ("--foo=1", "unknown option --foo (try earshot relay --help)"),
            ("hello", "unexpected argument hello (try earshot relay --help)"),
            ("-x", "unexpected argument -x (try earshot relay --help)"),
            ("--rate", "--rate needs a value (try earshot relay --help)"),
            ("--rate=", "--rate needs a value"),
            ("--name=ALL", "--name takes a name: a name cannot be all, because that means everybody: take another"),
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

    @Test("places to listen at may name the interface of an address")
    func interfaceNames() throws {
        let place = try #require(IPAddress("fe80::1%3"))
        #expect(try options("--listen", "[fe80::1%eth0]:5").listen == [.init(.address(place), port: 5)])
        #expect(try options(file: "metrics = [fe80::1%eth0]:5").metrics == .init(.address(place), port: 5))
        #expect(
            complaint("--text", "[fe80::1%eth9]:5")
                == "--text names an interface that is not here: eth9 (ip link lists those that are)")
        #expect(
            complaint("--listen", "[fe80::1]:5")
                == "--listen takes fe80::1 with the interface that it is on, for example fe80::1%eth0")
    }

    @Test("a NUL in a file of settings is not cut off with what follows it")
    func nul() {
        #expect(complaint(file: "state = /var/lib/x\0y") == "relay.conf:1: has a NUL in it, which no option takes")
    }

    @Test("passwd takes a state directory or prints, and nothing else")
    func passwd() throws {
        #expect(
            try RelayCommand.parse(["passwd", "--state", "/x", "--print"])
                == .passwd(.init(place: .init(stateDirectory: "/x"), isPrinted: true)))
        #expect(throws: Arguments.Misuse.self) { try RelayCommand.parse(["passwd", "--rate", "5"]) }
        #expect(throws: Arguments.Misuse.self) { try RelayCommand.parse(["--print"]) }
    }

    @Test("backup takes a file and says where the relay keeps things, and nothing else")
    func backup() throws {
        #expect(
            try RelayCommand.parse(["backup", "x.db", "--config", "c"])
                == .backup(file: "x.db", .init(configurationFile: "c")))
        for words in [["backup"], ["backup", "a", "b"], ["backup", "a", "--rate", "5"], ["backup", "--print", "a"]] {
            #expect(throws: Arguments.Misuse.self) { try RelayCommand.parse(words) }
        }
    }

    @Test("--check and --config are told from settings")
    func check() throws {
        let setting = Setting(name: "rate", value: "5", origin: .commandLine)
        #expect(
            try RelayCommand.parse(["--config=relay.conf", "--check", "--rate=5"])
                == .check([setting], configurationFile: "relay.conf"))
        #expect(try RelayCommand.parse(["--check", "--help"]) == .help)
    }

    @Test("the help names every option and fits a terminal's width")
    func help() {
        let lines = RelayCommand.helpText.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines { #expect(line.count <= 80, "\(line)") }
        for rule in RelayOptions.rules { #expect(RelayCommand.helpText.contains("  --\(rule.name) "), "\(rule.name)") }
    }
}
