import CoreModel
import Host
import Options
import PeerCore
import Wire

/// A command line, files of settings, and other text from outside: a request for the metrics page, and the kernel's
/// tables of routes and neighbours.
///
/// The lines before the first empty one are the words of a command line; the rest is the content of every file.
enum OptionsFuzzTarget {
    static func run(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let words = lines.prefix { !$0.isEmpty }.map(String.init)
        let file = lines.dropFirst(words.count + 1).joined(separator: "\n")
        arguments(words, file)
        relay([], file)
        addresses(words)
        _ = RouterTable(routes: text, neighbours: file)
        page(bytes)
    }

    private static func arguments(_ words: [String], _ file: String) {
        do {
            switch try Arguments.parse(words) {
            case .chat(let options):
                FuzzTarget.require((1...10_000_000).contains(options.retention.entryCount), "lines to keep")
                FuzzTarget.require((1...36_500).contains(options.retention.days), "days to keep")
                FuzzTarget.require(options.name != "" && options.stateDirectory != "", "an empty value")
            case .relay(.run(let settings, _)), .relay(.check(let settings, _)): relay(settings, file)
            case .kept(let command):
                FuzzTarget.require(command.action != .forget || command.room != nil, "no room")
                FuzzTarget.require(command.action != .backup || command.file != nil, "no file")
            case .relay(.backup(let file, _)): FuzzTarget.require(!file.hasPrefix("-"), "an option for a file")
            case .doctor(let command):
                FuzzTarget.require((command.host == nil) == (command.place == nil), "a host without a place")
            case .relay(.community(.sign(_, _, let days))):
                FuzzTarget.require((1...3_650).contains(days), "days of a certificate")
            case .relay(.community), .relay(.id), .relay(.passwd), .relay(.help), .help, .version: break
            }
        } catch {
            FuzzTarget.require(!error.text.isEmpty, "a refusal without a reason")
        }
    }

    private static func relay(_ settings: [Setting], _ file: String) {
        let files = OptionFiles { path in
            guard path.utf8.count < 100 else { throw OptionProblem("names a file: \(path) cannot be read") }
            return file
        }
        do {
            let ofFile = try ConfigurationFile.settings(in: file, path: "a/b")
            let options = try RelayOptions(ofFile + settings, files: files)
            let limits = options.limits
            FuzzTarget.require(
                limits.members > 0 && limits.perAddress > 0 && limits.handshakes > 0 && limits.guests >= 0
                    && limits.rate > 0 && limits.burst > 0 && limits.history >= 0 && limits.historyDays >= 0
                    && (64 << 10...64 << 20).contains(limits.queueBytes), "a limit of a relay")
            FuzzTarget.require((try? Nickname(options.name)) != nil, "a relay's name")
            FuzzTarget.require(options.room.topic?.utf8.count ?? 0 <= 512, "a long topic")
            FuzzTarget.require(options.room.motd?.utf8.count ?? 0 <= 4096, "a long message of the day")
        } catch {
            let problems = error.text.split(separator: "\n")
            FuzzTarget.require(!problems.isEmpty, "a refusal without a reason")
        }
    }

    /// Checks that an address that was parsed is parsed again from its own text.
    private static func addresses(_ words: [String]) {
        for word in words {
            if let address = ListenAddress(word, usualHost: .any) {
                FuzzTarget.require(ListenAddress("\(address)", usualHost: .any) == address)
            }
            if case .endpoint(let endpoint)? = PeerAddress(word) {
                FuzzTarget.require(PeerAddress("\(endpoint)") == .endpoint(endpoint))
            }
        }
    }

    /// Checks that a request that arrives in pieces is answered once it is complete, as if it had arrived whole.
    private static func page(_ request: [UInt8]) {
        let whole = PageRequest.answer(to: request) { [0x41] }
        FuzzTarget.require(whole != nil || request.count < PageRequest.maximumBytes, "an endless request")
        guard let whole, let first = request.indices.first(where: { answer(to: request[...$0]) != nil }) else { return }
        FuzzTarget.require(answer(to: request[...first]) == whole || first + 1 >= PageRequest.maximumBytes)
        FuzzTarget.require(whole.starts(with: Array("HTTP/1.0 ".utf8)), "an invalid answer")
    }

    private static func answer(to request: ArraySlice<UInt8>) -> [UInt8]? {
        PageRequest.answer(to: Array(request)) { [0x41] }
    }
}
