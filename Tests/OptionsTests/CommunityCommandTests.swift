import Testing
import Wire

@testable import Options

@Suite("earshot relay community")
struct CommunityCommandTests {
    private static let id = String(repeating: "0a", count: 32)

    private func parse(_ words: String...) throws -> RelayCommand { try RelayCommand.parse(words) }

    private func complaint(_ words: String...) -> String {
        do {
            _ = try RelayCommand.parse(words)
            return ""
        } catch {
            return error.text
        }
    }

    @Test("new makes a random key, or uses the key of a relay")
    func new() throws {
        #expect(try parse("community", "new", "hub.key") == .community(.new(file: "hub.key", fromRelay: nil)))
        #expect(
            try parse("community", "new", "--from=/var/lib/hub", "hub.key")
                == .community(.new(file: "hub.key", fromRelay: "/var/lib/hub")))
    }

    @Test("sign accepts a relay's ID or address, for a year or the given number of days")
    func sign() throws {
        let relay = try #require(PeerID(hexadecimal: Self.id))
        for text in [Self.id, "#\(Self.id)", "earshot://hub.example:47475#\(Self.id)", Self.id.uppercased()] {
            #expect(
                try parse("community", "sign", "k", text) == .community(.sign(file: "k", relay: relay, days: 365)))
        }
        #expect(
            try parse("community", "sign", "k", Self.id, "--days", "30")
                == .community(.sign(file: "k", relay: relay, days: 30)))
    }

    @Test("help, the relay's ID, and mistakes")
    func rest() throws {
        for words in [["community"], ["community", "--help"], ["community", "sign", "-h"]] {
            #expect(try RelayCommand.parse(words) == .community(.help))
        }
        #expect(try parse("id", "--state", "d") == .id(.init(stateDirectory: "d")))
        #expect(complaint("id", "--name", "x") == "earshot relay id takes only --state and --config, not --name")
        #expect(complaint("community", "old").contains("takes new or sign, not old"))
        #expect(complaint("community", "new").contains("needs one FILE"))
        #expect(complaint("community", "new", "a", "b").contains("needs one FILE"))
        #expect(complaint("community", "new", "a", "--days", "3").contains("new takes no --days"))
        #expect(complaint("community", "sign", "k").contains("RELAY-ID"))
        #expect(complaint("community", "sign", "k", "0a").contains("0a is not a relay's ID"))
        #expect(complaint("community", "sign", "k", Self.id, "--days").contains("--days needs a value"))
        for days in ["0", "3651", "-1", "x", "123456"] {
            #expect(complaint("community", "sign", "k", Self.id, "--days", days).contains("from 1 to 3650"))
        }
        #expect(CommunityCommand.helpText.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
}
