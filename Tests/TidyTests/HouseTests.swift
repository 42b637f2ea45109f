import Foundation
import Testing

@Suite("The house is in order")
struct HouseTests {
    @Test("the top level holds only what belongs there")
    func topLevel() throws {
        let allowed: Set<String> = [
            "Package.swift", "Sources", "Tests", "Protocol.md", "README.md", ".ci", ".gitignore", ".swift-format",
            ".editorconfig", ".git", ".build", ".swiftpm",
        ]
        for name in try Repository.names(in: ".") {
            #expect(allowed.contains(name), "\(name) does not belong at the top level")
        }
        for name in ["README.md", "Protocol.md"] { #expect(Repository.exists(name)) }
    }

    @Test("sections of Protocol.md that it refers to are there")
    func sections() throws {
        let lines = try Repository.text(of: "Protocol.md").split(separator: "\n")
        let numbers = Set(lines.compactMap { $0.prefixMatch(of: #/##+ (\d+(?:\.\d+)?) /#).map { String($0.1) } })
        #expect(numbers.isSuperset(of: ["1", "6.15", "16"]))
        for line in lines {
            // What belongs to another document has its name before it, or three levels.
            let own = String(line).replacing(#/(?:RFC \d+|Noise|revision \d+|#39,) §[\d., §and]+/#, with: "")
            for match in own.matches(of: #/§(\d+(?:\.\d+)*)/#) where match.1.count(where: { $0 == "." }) < 2 {
                #expect(numbers.contains(String(match.1)), "§\(match.1) in: \(line)")
            }
        }
    }

    @Test("annex A of Protocol.md says of each frame of its tables who must send it and what is done with it")
    func checklist() throws {
        let whole = try Repository.text(of: "Protocol.md")
        let text = whole[try #require(whole.range(of: "## 6 Frames")).lowerBound...]
        let named = text.matches(of: #/\n\| \d+(?:, \d+)? \| ([a-zA-Z, ]+) \| [^|\n]+ \|(?=\n)/#)
            .flatMap { $0.1.split(separator: ", ").map(String.init) }
        let annex = try #require(text.range(of: "## Annex A")).lowerBound
        let listed = text[annex...].matches(of: #/\n\| `(\w+)` \| [^|\n]+ \| [^|\n]+ \|(?=\n)/#).map { String($0.1) }
        #expect(listed.count == 30 && listed.sorted() == named.sorted())
        #expect(text[annex...].split(separator: "\n", omittingEmptySubsequences: false).count <= 120)
    }

    @Test("sources import only what their target declares in Package.swift")
    func arrows() throws {
        let targets = Manifest.dependencies(in: try Repository.text(of: "Package.swift"))
        #expect(targets["RoomSync"] == ["CoreModel", "Secure", "Wire"], "Package.swift was not understood")
        let directories = try Repository.names(in: "Sources") + Repository.names(in: "Tests").filter { $0 != "Vectors" }
        #expect(Set(directories) == Set(targets.keys))
        for file in try Repository.swiftFiles() {
            let declared = targets[file.target] ?? []
            for line in file.text.codeLines where line.contains("import ") {
                guard let module = Manifest.importedModule(in: line), targets.keys.contains(module) else { continue }
                #expect(declared.contains(module), "\(file.path) imports \(module), which Package.swift does not allow")
            }
        }
    }

    @Test("arrows in Package.swift point down, but for what tests need")
    func direction() throws {
        let manifest = try Repository.text(of: "Package.swift")
        let order = Manifest.names(in: manifest)
        for (target, dependencies) in Manifest.dependencies(in: manifest) {
            guard let place = order.firstIndex(of: target), !target.hasSuffix("Tests"), target != "CoreTestKit",
                target != "earshot-fuzz"
            else { continue }
            for dependency in dependencies {
                let below = try #require(order.firstIndex(of: dependency), "\(dependency) is not declared")
                #expect(below > place, "\(target) needs \(dependency), which is declared above it")
            }
        }
    }

    @Test("targets, their dependencies and imports are read as written")
    func manifest() {
        let text = """
            .target(name: "A", swiftSettings: settings),
            .testTarget(
                name: "B-b", dependencies: ["A", "C"],
                swiftSettings: settings),
            // .target(name: "D")
            """
        #expect(Manifest.dependencies(in: text) == ["A": [], "B-b": ["A", "C"]])
        #expect(Manifest.importedModule(in: "@testable import A") == "A")
        #expect(Manifest.importedModule(in: "public import struct A.B") == "A")
        #expect(Manifest.importedModule(in: "let important = 1") == nil)
    }
}

enum Manifest {
    /// The targets of a Package.swift and what each may import.
    static func dependencies(in manifest: String) -> [String: [String]] {
        let lines = manifest.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
        var result: [String: [String]] = [:]
        for target in lines.joined(separator: "\n").split(separator: #/\.(?:executableTarget|testTarget|target)\(/#) {
            guard let name = target.prefixMatch(of: #/\s*name: "([\w-]+)"/#) else { continue }
            let list = target.firstMatch(of: #/dependencies: \[([^\]]*)\]/#)?.1 ?? ""
            result[String(name.1)] = list.matches(of: #/"(\w+)"/#).map { String($0.1) }
        }
        return result
    }

    /// The names of the targets, in the order in which a Package.swift declares them.
    static func names(in manifest: String) -> [String] {
        manifest.matches(of: #/\.(?:executableTarget|testTarget|target)\(\s*name: "([\w-]+)"/#).map { String($0.1) }
    }

    static func importedModule(in line: String) -> String? {
        guard let match = line.firstMatch(of: #/(?:^|\s)import (?:(?:struct|class|enum|protocol|func|var) )?(\w+)/#)
        else { return nil }
        return String(match.1)
    }
}
