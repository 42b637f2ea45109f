import Foundation
import Testing

@Suite("Sources are tidy")
struct SourceTests {
    @Test("no file has more than 500 lines, no function more than 70, no type more than 15 stored properties")
    func sizes() throws {
        let files = try Repository.swiftFiles()
        #expect(files.count > 50, "the sources were not found")
        for file in files {
            let lineCount = file.text.lines.count - 1
            #expect(lineCount <= 500, "\(file.path) has \(lineCount) lines")
            for function in file.declarations.functions {
                #expect(
                    function.lineCount <= 70,
                    "\(file.path):\(function.line): \(function.name) has \(function.lineCount) lines")
            }
            for type in file.declarations.types {
                let count = type.storedProperties
                #expect(count <= 15, "\(file.path): \(type.name) has \(count) stored properties")
            }
        }
    }

    @Test("the pure layers have no clock, randomness, system call or output of their own")
    func purity() throws {
        for target in Rules.pureTargets {
            for file in try Repository.swiftFiles(in: "Sources/" + target) {
                for (number, line) in file.text.codeLines.enumerated() {
                    for (word, replacement) in Rules.impure where Rules.line(line, has: word) {
                        let isAllowed =
                            Rules.targetsWithDates.contains(target) && line.contains("import FoundationEssentials")
                        #expect(isAllowed, "\(file.path):\(number + 1): \(word): \(replacement)")
                    }
                }
            }
        }
    }

    @Test("no line has trailing whitespace, a note to do something later, or an unexplained way round the compiler")
    func lines() throws {
        for file in try Repository.swiftFiles() {
            for (index, line) in file.text.lines.enumerated() {
                let place = "\(file.path):\(index + 1)"
                #expect(line.last?.isWhitespace != true, "\(place): trailing whitespace")
                for mark in Rules.leftForLater where Rules.line(line, has: mark) {
                    Issue.record("\(place): \(mark): do it, or write an issue")
                }
                for escape in Rules.escapes where file.text.codeLines[index].contains(escape) {
                    let before = index > 0 ? file.text.lines[index - 1] : ""
                    #expect(line.contains("//") || before.contains("//"), "\(place): \(escape) without a reason")
                }
            }
        }
    }

    @Test("types are nouns of the domain")
    func names() throws {
        for file in try Repository.swiftFiles() {
            for type in file.declarations.types {
                for word in ["Manager", "Service", "Helper", "Utils"] {
                    #expect(!type.name.hasSuffix(word), "\(file.path): \(type.name)")
                }
            }
        }
    }

    @Test("no folder has more than 20 Swift files")
    func folders() throws {
        let folders = Dictionary(grouping: try Repository.swiftFiles()) { file in
            file.path.split(separator: "/").dropLast().joined(separator: "/")
        }
        for (folder, files) in folders.sorted(by: { $0.key < $1.key }) {
            #expect(files.count <= 20, "\(folder) has \(files.count) files: divide it by concern")
        }
    }

    @Test("each name of a type in Sources means one type, and no module is named like a type in it")
    func uniqueNames() throws {
        var places: [String: Set<String>] = [:]
        for file in try Repository.swiftFiles(in: "Sources") {
            for line in file.text.codeLines {
                guard
                    let match = line.prefixMatch(
                        of:
                            #/(?:(?:public|package|private|fileprivate|final|indirect) )*(?:struct|enum|class|protocol|typealias) (\w+)/#
                    )
                else { continue }
                places[String(match.1), default: []].insert(file.path)
                #expect(String(match.1) != file.target, "\(file.path): \(match.1) cannot be qualified with its module")
            }
        }
        #expect(places.count > 300, "the types were not found")
        for (name, files) in places.sorted(by: { $0.key < $1.key }) {
            #expect(files.count == 1, "\(name) is declared in \(files.sorted().joined(separator: " and "))")
        }
    }

    @Test("tests wait for events or use virtual time, they do not sleep")
    func sleeps() throws {
        for file in try Repository.swiftFiles(in: "Tests") {
            for (number, line) in file.text.codeLines.enumerated() {
                #expect(!Rules.sleeps(line), "\(file.path):\(number + 1): sleeps")
            }
        }
    }

    @Test("a rule finds its word only where the word stands alone")
    func rules() {
        #expect(Rules.line("  print(x)", has: "print("))
        #expect(Rules.line("a.shuffled()", has: ".shuffled()"))
        #expect(Rules.sleeps("try await Task.sleep(for: .seconds(1))"))
        #expect(Rules.sleeps("sleep(1)") && Rules.sleeps("usleep(1)"))
        #expect(!Rules.sleeps("perform(.sleep(host))") && !Rules.sleeps("func sleep() {"))
        #expect(Rules.line("public import Glibc", has: "import Glibc"))
        #expect(!Rules.line("fingerprint(x)", has: "print("))
        #expect(!Rules.line("import FoundationEssentials", has: "import Foundation"))
    }
}

enum Rules {
    /// Targets that make no system call, read no clock and have no randomness of their own.
    static let pureTargets = [
        "Wire", "Secure", "CoreModel", "Links", "RoomSync", "LocalNetwork", "PeerCore", "RelayCore", "Options",
        "Wording",
        "JSON", "Terminal", "Scripting", "Doctor", "Simulator",
    ]
    /// Those of them that may format a date.
    static let targetsWithDates = ["Scripting", "Wording"]

    /// Words that a pure layer must not have, and what to use instead.
    static let impure = [
        ("import Glibc", "system calls belong in Host"),
        ("import CLinux", "system calls belong in Host"),
        ("import Dispatch", "a core has no threads: be called, and ask for a deadline"),
        ("import Foundation", "take the time as a parameter; bytes and text need no Foundation"),
        ("import FoundationEssentials", "take the time as a parameter; bytes and text need no Foundation"),
        ("Date()", "take `wall: WallTime` as a parameter"),
        (".random(", "use `RandomStream`"),
        (".shuffled()", "use `shuffled(using:)` with a `RandomStream`"),
        ("SystemRandomNumberGenerator", "use `RandomStream`"),
        ("ContinuousClock", "take `now: Instant` as a parameter"),
        ("SuspendingClock", "take `now: Instant` as a parameter"),
        ("print(", "return the bytes, or output a `Note`"),
    ]

    // Put together, so that this file passes its own test.
    static let leftForLater = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    static let escapes = ["try" + "!", "as" + "!", "@unchecked " + "Sendable"]

    /// `sleep` of Glibc, a task or a thread; not a fault of the simulator, nor a function of our own.
    static func sleeps(_ line: String) -> Bool {
        let words = ["Task.sleep", "Thread.sleep", "clock.sleep", "usleep(", "nanosleep("]
        if words.contains(where: { Rules.line(line, has: $0) }) { return true }
        return Rules.line(line, has: "sleep(") && !line.contains(".sleep(") && !line.contains("func sleep(")
    }

    /// Whether a line has a word that is not part of a longer one.
    static func line(_ line: String, has word: String) -> Bool {
        func isWordCharacter(_ character: Character?) -> Bool {
            guard let character else { return false }
            return character.isLetter || character.isNumber || character == "_"
        }
        var rest = line[...]
        while let range = rest.range(of: word) {
            let before = range.lowerBound > line.startIndex ? line[line.index(before: range.lowerBound)] : nil
            let after = range.upperBound < line.endIndex ? line[range.upperBound] : nil
            let isSeeded = word == ".random(" && line.contains("using:")
            if !(isWordCharacter(word.first) && isWordCharacter(before))
                && !(isWordCharacter(word.last) && isWordCharacter(after)) && !isSeeded
            {
                return true
            }
            rest = line[range.upperBound...]
        }
        return false
    }
}
