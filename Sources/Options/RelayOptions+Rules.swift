import CoreModel
import PeerCore
import Secure
import Wire

extension RelayOptions {
    /// The options in groups, in the order of the help.
    static var ruleGroups: [(title: String, rules: [OptionRule<RelayOptions>])] {
        [
            ("The relay", relayRules), ("The room", roomRules), ("Who may join", accessRules),
            ("Limits", limitRules), ("Operation", operationRules),
        ]
    }

    static var rules: [OptionRule<RelayOptions>] { ruleGroups.flatMap(\.rules) }

    private static var relayRules: [OptionRule<RelayOptions>] {
        [
            OptionRule(
                name: "listen", placeholder: "HOST:PORT",
                help: ["address for members (default *:47475);", "0 is any port; may be repeated"], isRepeated: true
            ) { value, options, files in
                options.listen.append(try place(value, usualHost: .any, example: "0.0.0.0:47475", files))
            },
            OptionRule(name: "name", placeholder: "NAME", help: ["the relay's name for members (default relay)"]) {
                value, options, _ in
                do {
                    options.name = try Nickname(choosing: value).text
                } catch {
                    throw OptionProblem("is not valid: \(error)")
                }
            },
            OptionRule(
                name: "state", placeholder: "DIR",
                help: [
                    "where key, history and bans are kept (default", "$STATE_DIRECTORY, $XDG_STATE_HOME/earshot-relay",
                    "or ~/.local/state/earshot-relay)",
                ]
            ) { value, options, _ in options.stateDirectory = value },
            OptionRule(
                name: "community", placeholder: "FILE",
                help: ["the certificate of the relay's community", "(default: no community)"]
            ) { value, options, files in
                options.community = .init(certificate: try certificate(try files.read(value), value), file: value)
            },
        ]
    }

    private static var roomRules: [OptionRule<RelayOptions>] {
        [
            OptionRule(name: "topic", placeholder: "TEXT", help: ["the topic until an operator changes it"]) {
                value, options, _ in
                guard value.utf8.count <= 512 else { throw OptionProblem("takes at most 512 bytes") }
                options.room.topic = value
            },
            OptionRule(name: "motd", placeholder: "TEXT", help: ["message of the day, shown to all who join"]) {
                value, options, _ in options.room.motd = try message(value)
            },
            OptionRule(name: "motd-file", placeholder: "FILE", help: ["the message of the day, from a file"]) {
                value, options, files in options.room.motd = try message(files.read(value))
            },
        ]
    }

    private static var accessRules: [OptionRule<RelayOptions>] {
        [
            OptionRule(
                name: "password-file", placeholder: "FILE",
                help: ["a file with the room's password or its hash"]
            ) { value, options, files in
                let line = try files.firstLine(of: value)
                if line.hasPrefix("$") {
                    options.access.password = .hash(try hash(line))
                } else {
                    guard line.utf8.count <= PasswordHash.passwordBytes else {
                        throw OptionProblem("holds a password longer than \(PasswordHash.passwordBytes) bytes")
                    }
                    options.access.password = .clear(line)
                }
            },
            OptionRule(
                name: "password", placeholder: "HASH",
                help: ["the room's password as a hash (see passwd --print)"]
            ) { value, options, _ in options.access.password = .hash(try hash(value)) },
            OptionRule(
                name: "allow", placeholder: "ID", help: ["only these peers may join; may be repeated"],
                isRepeated: true
            ) { value, options, _ in options.access.allowed.append(try peer(value)) },
            OptionRule(
                name: "operator", placeholder: "ID", help: ["this peer may moderate; may be repeated"],
                isRepeated: true
            ) { value, options, _ in options.access.operators.append(try peer(value)) },
            OptionRule(
                name: "operator-password", placeholder: "HASH",
                help: ["the hash of the password for /op (default: the", "one that `earshot relay passwd` has stored)"]
            ) { value, options, _ in options.access.operatorPassword = try hash(value) },
        ]
    }

    private static var limitRules: [OptionRule<RelayOptions>] {
        [
            number("max-members", \.limits.members, 1...100_000, "maximum number of members"),
            number("max-per-address", \.limits.perAddress, 1...100_000, "connections from each address"),
            number("max-handshakes", \.limits.handshakes, 1...10_000, "connections that have not joined yet"),
            number("max-guests", \.limits.guests, 0...10_000, "maximum number of guests"),
            number("rate", \.limits.rate, 1...10_000, "messages per second from each member"),
            number("burst", \.limits.burst, 1...100_000, "messages in one burst from each member"),
            number("history", \.limits.history, 0...10_000_000, "messages to keep"),
            number("history-days", \.limits.historyDays, 0...36_500, "days to keep messages, 0 for no limit"),
            OptionRule(
                name: "queue", placeholder: "SIZE",
                help: ["buffer for a member that reads slowly (default 1M);", "units K, M"]
            ) { value, options, _ in
                options.limits.queueBytes = try ByteSize.parse(value[...], in: 64 << 10...64 << 20)
            },
            OptionRule(
                name: "keep-bytes", placeholder: "SIZE",
                help: ["total size of all messages (default 1G); the", "oldest go first; units K, M, G"]
            ) { value, options, _ in
                options.limits.keptBytes = try ByteSize.parse(value[...], in: Retention.bytesRange)
            },
        ]
    }

    private static var operationRules: [OptionRule<RelayOptions>] {
        [
            OptionRule(
                name: "text", placeholder: "HOST:PORT",
                help: ["admit guests who use nc or telnet; their text can", "be read in transit"]
            ) { value, options, files in
                options.text = try place(value, usualHost: .any, example: "0.0.0.0:47476", files)
            },
            OptionRule(
                name: "metrics", placeholder: "HOST:PORT",
                help: ["serve metrics for Prometheus over HTTP; a port", "alone means 127.0.0.1"]
            ) { value, options, files in
                options.metrics = try place(
                    value, usualHost: .address(.v4(0x7F00_0001)), example: "127.0.0.1:9475", files)
            },
            OptionRule(name: "log-format", placeholder: "FORMAT", help: ["text (the default) or json"]) {
                value, options, _ in
                guard let format = Log.Format(rawValue: value) else {
                    throw OptionProblem("takes text or json, not \(value)")
                }
                options.log.format = format
            },
            OptionRule(name: "log-level", placeholder: "LEVEL", help: ["debug, info (the default) or warning"]) {
                value, options, _ in
                switch value {
                case "debug": options.log.level = .debug
                case "info": options.log.level = .info
                case "warning": options.log.level = .warning
                default: throw OptionProblem("takes debug, info or warning, not \(value)")
                }
            },
        ]
    }

    // MARK: Values

    private static func number(
        _ name: String, _ path: WritableKeyPath<RelayOptions, Int>, _ range: ClosedRange<Int>, _ help: String
    ) -> OptionRule<RelayOptions> {
        let defaults = RelayOptions()[keyPath: path]
        return OptionRule(name: name, placeholder: "N", help: ["\(help) (default \(defaults))"]) { value, options, _ in
            guard let number = decimal(value[...]), range.contains(number) else {
                throw OptionProblem("takes a number from \(range.lowerBound) to \(range.upperBound), not \(value)")
            }
            options[keyPath: path] = number
        }
    }

    private static func decimal(_ text: Substring) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private static func place(
        _ text: String, usualHost: ListenAddress.Host, example: String, _ files: OptionFiles
    ) throws -> ListenAddress {
        let resolved = try InterfaceScope(number: files.interfaceNumber).resolved(text)
        guard let address = ListenAddress(resolved, usualHost: usualHost) else {
            throw OptionProblem("takes HOST:PORT, for example \(example), not \(text)")
        }
        if case .address(let host) = address.host { try InterfaceScope.check(host) }
        return address
    }

    private static func peer(_ text: String) throws -> PeerID {
        guard let id = PeerID(hexadecimal: text) else {
            throw OptionProblem("takes a peer ID, 64 hexadecimal digits, not \(text)")
        }
        return id
    }

    private static func hash(_ text: String) throws -> PasswordHash {
        guard let hash = PasswordHash(text) else {
            throw OptionProblem("takes a hash, which `earshot relay passwd --print` makes from a password")
        }
        return hash
    }

    private static func certificate(_ text: String, _ file: String) throws -> SignedCertificate {
        do throws(CertificateProblem) {
            return try SignedCertificate(text: text)
        } catch {
            if case .anotherVersion(let version) = error {
                throw OptionProblem("names \(file), a certificate of the unsupported version \(version)")
            }
            throw OptionProblem(
                "names \(file), which is not a certificate, or is damaged (make one: earshot relay community sign)")
        }
    }

    private static func message(_ text: String) throws -> String {
        guard text.utf8.count <= 4096 else { throw OptionProblem("takes at most 4096 bytes") }
        return text
    }
}
