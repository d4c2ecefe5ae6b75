import ArgumentParser

@main struct Millrace: AsyncParsableCommand {}
