import Testing

/// The vectors of Protocol.md. TidyTests import no other target, so the blocks' headings are read here again.
@Suite("The files of vectors are in order")
struct HouseVectorTests {
    private static let directory = "Tests/Vectors"

    private func headings(in name: String) throws -> [(kind: String, name: String)] {
        try Repository.text(of: Self.directory + "/" + name).split(separator: "\n")
            .compactMap { $0.wholeMatch(of: #/```vector kind=(\S+) name=(\S+)/#) }
            .map { (String($0.1), String($0.2)) }
    }

    @Test("Protocol.md links to every file of vectors, and each begins with its purpose and its section")
    func linked() throws {
        let links = Set(Documents.links(in: try Repository.text(of: "Protocol.md")))
        let names = try Repository.names(in: Self.directory)
        #expect(names.count >= 8)
        for name in names {
            #expect(name.hasSuffix(".txt") && links.contains(Self.directory + "/" + name), "\(name)")
            #expect(try !headings(in: name).isEmpty, "\(name) has no vectors")
            let text = try Repository.text(of: Self.directory + "/" + name)
            #expect(text.hasPrefix("# Purpose: ") && text.contains("\n# Section: Protocol.md, §"), "\(name)")
        }
    }

    @Test("a test reads every vector: all of its kind, or this one by its name")
    func read() throws {
        let sources = try Repository.swiftFiles(in: "Tests").filter { !$0.path.hasPrefix("Tests/TidyTests/") }
            .flatMap(\.text.lines).joined(separator: "\n")
        for file in try Repository.names(in: Self.directory) {
            for heading in try headings(in: file) {
                let isRead =
                    sources.contains("vectors(kind: \"\(heading.kind)\")")
                    || sources.contains("kind: \"\(heading.kind)\", name: \"\(heading.name)\"")
                    || sources.contains("(\"\(heading.kind)\", ")
                #expect(isRead, "\(file): no test reads \(heading.kind) \(heading.name)")
            }
        }
    }
}
