/// Where the house breaks its own rules, each with its reason. An exception that nothing needs any more fails.
extension RuleException {
    static let all: [RuleException] = []
}
