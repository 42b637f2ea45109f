import CoreModel
import PeerCore
import Secure
import Wire

extension RelayOptions {
    /// The options in groups, as the help shows them.
    static var ruleGroups: [(title: String, rules: [OptionRule<RelayOptions>])] {
        [
            ("The relay", relayRules), ("The room", roomRules), ("Who may come in", accessRules),
            ("Limits", limitRules), ("Operation", operationRules),
        ]
    }

    static var rules: [OptionRule<RelayOptions>] { ruleGroups.flatMap(\.rules) }

    private static var relayRules: [OptionRule<RelayOptions>] {
        [
            OptionRule(
                name: "listen", placeholder: "HOST:PORT",
                help: ["where members connect (else *:47475);", "may be repeated; port 0 is any"], isRepeated: true
            ) { value, options, files in
                options.listen.append(try place(value, usualHost: .any, example: "0.0.0.0:47475", files))
            },
            OptionRule(name: "name", placeholder: "NAME", help: ["what members call it (else relay)"]) {
                value, options, _ in
                do {
                    options.name = try Nickname(choosing: value).text
                } catch {
                    throw OptionProblem("takes a name: \(error)")
                }
            },
            OptionRule(
                name: "state", placeholder: "DIR",
                help: [
                    "where key, history and bans are kept (else", "$STATE_DIRECTORY, $XDG_STATE_HOME/earshot-relay",
                    "or ~/.local/state/earshot-relay)",
                ]
            ) { value, options, _ in options.stateDirectory = value },
            OptionRule(
                name: "community", placeholder: "FILE",
                help: ["the certificate of the community that it belongs", "to (else it is alone)"]
            ) { value, options, files in
                options.community = .init(certificate: try certificate(try files.read(value), value), file: value)
            },
        ]
    }

    private static var roomRules: [OptionRule<RelayOptions>] {
        [
            OptionRule(name: "topic", placeholder: "TEXT", help: ["the topic, until an operator sets another"]) {
                value, options, _ in
                guard value.utf8.count <= 512 else { throw OptionProblem("takes at most 512 bytes") }
                options.room.topic = value
            },
            OptionRule(name: "motd", placeholder: "TEXT", help: ["shown to everybody who comes in"]) {
                value, options, _ in options.room.motd = try message(value)
            },
            OptionRule(name: "motd-file", placeholder: "FILE", help: ["the same, from a file"]) {
                value, options, files in options.room.motd = try message(files.read(value))
            },
        ]
    }

    private static var accessRules: [OptionRule<RelayOptions>] {
        [
            OptionRule(
                name: "password-file", placeholder: "FILE",
                help: ["the room's password, in clear or as a hash"]
            ) { value, options, files in
                let line = try files.firstLine(of: value)
                if line.hasPrefix("$") {
                    options.access.password = .hash(try hash(line))
                } else {
                    guard line.utf8.count <= PasswordHash.passwordBytes else {
                        throw OptionProblem("names a password of more than \(PasswordHash.passwordBytes) bytes")
                    }
                    options.access.password = .clear(line)
                }
            },
            OptionRule(
                name: "password", placeholder: "HASH",
                help: ["the room's password, as `passwd --print` hashes it"]
            ) { value, options, _ in options.access.password = .hash(try hash(value)) },
            OptionRule(
                name: "allow", placeholder: "ID", help: ["only these peer IDs may come in; may be repeated"],
                isRepeated: true
            ) { value, options, _ in options.access.allowed.append(try peer(value)) },
            OptionRule(
                name: "operator", placeholder: "ID", help: ["this peer ID moderates; may be repeated"],
                isRepeated: true
            ) { value, options, _ in options.access.operators.append(try peer(value)) },
            OptionRule(
                name: "operator-password", placeholder: "HASH",
                help: ["who gives this password to /op moderates", "(else what `earshot relay passwd` has set)"]
            ) { value, options, _ in options.access.operatorPassword = try hash(value) },
        ]
    }

    private static var limitRules: [OptionRule<RelayOptions>] {
        [
            number("max-members", \.limits.members, 1...100_000, "members at once"),
            number("max-per-address", \.limits.perAddress, 1...100_000, "connections from one address"),
            number("max-handshakes", \.limits.handshakes, 1...10_000, "connections that have not joined yet"),
            number("max-guests", \.limits.guests, 0...10_000, "guests with plain text"),
            number("rate", \.limits.rate, 1...10_000, "messages a second of one member"),
            number("burst", \.limits.burst, 1...100_000, "messages at once of one member"),
            number("history", \.limits.history, 0...10_000_000, "messages that are kept"),
            number("history-days", \.limits.historyDays, 0...36_500, "days to keep them, 0 for ever"),
            OptionRule(
                name: "queue", placeholder: "SIZE",
                help: ["what may wait for a member who reads slowly", "(else 1M), with K or M behind the number"]
            ) { value, options, _ in
                options.limits.queueBytes = try ByteSize.parse(value[...], in: 64 << 10...64 << 20)
            },
            OptionRule(
                name: "keep-bytes", placeholder: "SIZE",
                help: ["of all that is kept: the oldest messages give", "way (else 1G), with K, M or G behind it"]
            ) { value, options, _ in
                options.limits.keptBytes = try ByteSize.parse(value[...], in: Retention.bytesRange)
            },
        ]
    }

    private static var operationRules: [OptionRule<RelayOptions>] {
        [
            OptionRule(
                name: "text", placeholder: "HOST:PORT",
                help: ["lets guests in by nc or telnet. Plain text:", "what they say can be read on the way"]
            ) { value, options, files in
                options.text = try place(value, usualHost: .any, example: "0.0.0.0:47476", files)
            },
            OptionRule(
                name: "metrics", placeholder: "HOST:PORT",
                help: ["counters for Prometheus over HTTP; a port", "alone is on 127.0.0.1"]
            ) { value, options, files in
                options.metrics = try place(
                    value, usualHost: .address(.v4(0x7F00_0001)), example: "127.0.0.1:9475", files)
            },
            OptionRule(name: "log-format", placeholder: "FORMAT", help: ["text (the usual) or json"]) {
                value, options, _ in
                guard let format = Log.Format(rawValue: value) else {
                    throw OptionProblem("takes text or json, not \(value)")
                }
                options.log.format = format
            },
            OptionRule(name: "log-level", placeholder: "LEVEL", help: ["debug, info (the usual) or warning"]) {
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
        let usual = RelayOptions()[keyPath: path]
        return OptionRule(name: name, placeholder: "N", help: ["\(help) (else \(usual))"]) { value, options, _ in
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
            throw OptionProblem("takes a hash, as `earshot relay passwd --print` makes it from a password")
        }
        return hash
    }

    private static func certificate(_ text: String, _ file: String) throws -> SignedCertificate {
        do throws(CertificateProblem) {
            return try SignedCertificate(text: text)
        } catch {
            if case .anotherVersion(let version) = error {
                throw OptionProblem("names \(file), a certificate of version \(version), which is unknown here")
            }
            throw OptionProblem(
                "names \(file), which is no certificate, or damaged (make one: earshot relay community sign)")
        }
    }

    private static func message(_ text: String) throws -> String {
        guard text.utf8.count <= 4096 else { throw OptionProblem("takes at most 4096 bytes") }
        return text
    }
}
