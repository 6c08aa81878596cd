"""How good are samples, judged by a classifier, by their pixels and by the modes that they cover?"""
